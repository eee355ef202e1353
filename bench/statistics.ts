/** Medians and ranges of a few noisy measurements. */

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Of at least one value. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const lowest = sorted[0];
  const highest = sorted.at(-1);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (lowest === undefined || highest === undefined || upper === undefined || lower === undefined)
    throw new Error('no values to take a median of');
  return { median: (lower + upper) / 2, lowest, highest };
}

export function median(values: readonly number[]): number {
  return spread(values).median;
}

/**
 * How many times as much `values` are as `base`, measurement by measurement: the two of a pair were taken one
 * after the other, so that a machine that is slow for a while is slow for both.
 */
export function ratios(values: readonly number[], base: readonly number[]): Spread {
  if (values.length !== base.length) throw new Error('pairs of unequal length');
  return spread(values.map((value, i) => value / (base[i] ?? Number.NaN)));
}

/** "0.81 (0.68 - 0.94)": median, lowest and highest. */
export function range({ median, lowest, highest }: Spread): string {
  return `${median.toFixed(2)} (${lowest.toFixed(2)} - ${highest.toFixed(2)})`;
}

/** The smallest value that `share` (0 to 1) of them are not above; `sorted`: ascending, at least one. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('no values to take a quantile of');
  return value;
}
