/** Systems whose loop does not come round any more: they use a processor, and answer nobody. */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const ASK_MILLISECONDS = 500;
/** No turn of a loop takes so much, however busy a machine is with other things. */
const HANGING_SECONDS = 5;
/** Linux tells processor time in these. */
const TICKS_A_SECOND = 100;

export interface Watched {
  readonly name: string;
  readonly pid: number;
}

/**
 * Gives the name of the first that hangs; null once `over` is aborted. `ask` gives the names of those that answer; `seconds`: of a
 * processor, without an answer.
 */
export async function firstToHang(
  systems: readonly Watched[],
  ask: () => Promise<readonly string[]>,
  over: AbortSignal,
  seconds = HANGING_SECONDS,
): Promise<string | null> {
  const used = new Map(systems.map(({ name, pid }) => [name, processorSeconds(pid)]));
  while (!over.aborted) {
    const answering = await ask();
    for (const { name, pid } of systems) {
      const now = processorSeconds(pid);
      if (answering.includes(name)) used.set(name, now);
      else if (now - (used.get(name) ?? now) > seconds) return name;
    }
    await setTimeout(ASK_MILLISECONDS, undefined, { signal: over }).catch(() => {});
  }
  return null;
}

/** Of all of its threads. 0 where it has ended. */
function processorSeconds(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // proc(5): utime and stime are numbers 14 and 15, of which the second, a name in parentheses, may have blanks.
    const [user, system] = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return ((user ?? 0) + (system ?? 0)) / TICKS_A_SECOND;
  } catch {
    return 0;
  }
}
