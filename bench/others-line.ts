import { spread } from './statistics.ts';

/** `cpus`: how many of them others kept busy during each measurement. With much of it, look at the ranges before you believe the medians. */
export function othersLine(cpus: readonly number[]): string {
  const { median: usual, highest } = spread(cpus);
  return `others kept ${usual.toFixed(2)} CPUs busy meanwhile (median; at most ${highest.toFixed(2)})`;
}
