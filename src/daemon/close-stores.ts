import type { Clock } from '../env/clock.ts';
import type { Log } from '../env/log.ts';
import { StopLimits } from '../limits.ts';

/** A store of a unit, or of its own state. */
export interface ClosingStore {
  readonly unit: string;
  readonly store: { close(): Promise<void> };
}

/** Flushes and closes, within a bound. Gives whether all were: a store that does not answer must not keep a stop waiting for ever. */
export async function closeStores(
  closing: readonly ClosingStore[],
  clock: Clock,
  log: Log,
): Promise<boolean> {
  const open = new Set(closing);
  let isClean = true;
  const closed = closing.map(async (one) => {
    try {
      await one.store.close();
    } catch (error) {
      isClean = false;
      log.error({ unit: one.unit, err: error }, 'a store could not be flushed and closed');
    }
    open.delete(one);
  });
  const bound = timeout(clock, StopLimits.storesMilliseconds);
  await Promise.race([Promise.all(closed), bound.over]);
  bound.cancel();
  for (const { unit } of open) {
    log.error({ unit }, 'the store does not answer: what was not flushed may be lost if the machine fails');
  }
  return isClean && open.size === 0;
}

function timeout(clock: Clock, milliseconds: number): { over: Promise<void>; cancel(): void } {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    const timer = clock.after(milliseconds, resolve);
    cancel = () => timer.cancel();
  });
  return { over, cancel };
}
