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
