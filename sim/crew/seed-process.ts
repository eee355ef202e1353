/** What a process of a crew does: seeds, one after another, until its parent goes. */
import { runSeed, type SeedResult } from '../run-seed.ts';

export interface SeedTask {
  readonly seed: number;
  /** Run it twice, and say whether both had the same history. */
  readonly twice: boolean;
}

export interface SeedReport extends SeedResult {
  /** Of the second run, where it was another. */
  readonly otherHash: string | null;
}

/** The parent decides when to stop: an interrupt of the terminal's comes to all of its processes. */
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
process.on('message', (task: SeedTask) => void work(task));

async function work({ seed, twice }: SeedTask): Promise<void> {
  const result = await runSeed(seed);
  const hash = twice ? (await runSeed(seed)).hash : result.hash;
  const report: SeedReport = { ...result, otherHash: hash === result.hash ? null : hash };
  process.send?.(report);
}
