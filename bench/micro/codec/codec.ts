import type { MicroBenchmark } from '../micro.ts';
import { frameBenchmarks } from './frames.ts';
import { pduBenchmarks } from './pdus.ts';

export function codecBenchmarks(): MicroBenchmark[] {
  return [...pduBenchmarks(), ...frameBenchmarks()];
}
