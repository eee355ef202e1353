import { checkHistory } from './checkers/linearizability.ts';
import { Simulation } from './simulation.ts';
import type { Swarm } from './swarm.ts';
import { Trace } from './world/trace.ts';
import { Violation } from './world/world.ts';

export interface SeedResult {
  readonly seed: number;
  readonly hash: string;
  /** Null: nothing was found. */
  readonly failure: { readonly kind: string; readonly text: string } | null;
  readonly events: number;
  readonly operations: number;
  readonly retries: number;
}

export interface SeedOptions {
  readonly print?: (line: string) => void;
  /** Takes the place of what the seed draws. */
  readonly pinned?: Partial<Swarm>;
}

/** Runs one seed to its end or to what is found first. */
export async function runSeed(seed: number, options: SeedOptions = {}): Promise<SeedResult> {
  const trace = new Trace(options.print ?? null);
  const simulation = new Simulation(seed, trace, options.pinned);
  const failure = await found(async () => {
    await simulation.run();
    checkHistory(simulation.history);
  });
  const { clients, world } = simulation;
  return {
    seed,
    hash: trace.hash,
    failure,
    events: world.eventsRun,
    operations: clients.reduce((sum, { completed }) => sum + completed, 0),
    retries: clients.reduce((sum, { retries }) => sum + retries, 0),
  };
}

/** Whatever the product throws is found too: an assertion of its own, or worse. */
async function found(run: () => Promise<void>): Promise<SeedResult['failure']> {
  try {
    await run();
    return null;
  } catch (error) {
    if (error instanceof Violation) return { kind: error.kind, text: error.message };
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: 'exception', text };
  }
}
