/**
 * Zeroes bear no version: what a block held before anyone wrote it, and every UNMAP and WRITE SAME of zeroes, read the
 * same. So a read of zeroes is asked for a source: zeroes that had begun to be put there before the read ended, and that
 * nothing else certainly took the place of before the read began.
 */
import type { ReadRecord } from './history.ts';

/** Something that the block held or was given at some time between. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** The reads that no source explains. `others`: what shows that the block held something else. */
export function unexplainedZeroes(
  reads: readonly ReadRecord[],
  sources: readonly Interval[],
  others: readonly Interval[],
): ReadRecord[] {
  // By end: the latest start of those that ended so early. By start: the latest end of those that began so early.
  const latestOther = rising(others.map(({ start, end }) => ({ at: end, value: start })));
  const latestSource = rising(sources.map(({ start, end }) => ({ at: start, value: end })));
  return reads.filter((read) => {
    const replaced = highestBefore(latestOther, read.start);
    const source = highestBefore(latestSource, read.end);
    return source === Number.NEGATIVE_INFINITY || source < replaced;
  });
}

interface Step {
  readonly at: number;
  readonly value: number;
}

/** Sorted by `at`, each with the highest value up to it. */
function rising(steps: readonly Step[]): Step[] {
  let highest = Number.NEGATIVE_INFINITY;
  return [...steps]
    .sort((a, b) => a.at - b.at)
    .map(({ at, value }) => {
      highest = Math.max(highest, value);
      return { at, value: highest };
    });
}

function highestBefore(steps: readonly Step[], time: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]?.at ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return steps[low - 1]?.value ?? Number.NEGATIVE_INFINITY;
}
