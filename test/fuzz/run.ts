/** Batch after batch, a seed each, until enough has been sent. */
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { batch, type Conversation, runBatch } from './batch.ts';
import { Tally } from './tally.ts';
import { Victims } from './victims.ts';

/** For making a failing batch smaller, where nothing else is said. */
const SHRINK_MILLISECONDS = 120_000;
const MOST_TEXT = 6000;
/** A batch takes seconds, some minutes on a busy machine. */
const BATCH_MILLISECONDS = 600_000;

export interface RunOptions {
  /** Of the first batch; each further one has the next number. */
  readonly seed: number;
  /** PDUs and frames to send, at the least. */
  readonly count: number;
  readonly shrinkMilliseconds?: number;
  /** Of the systems' processes, in front of the product's entry. */
  readonly nodeArguments?: readonly string[];
  /** After each batch: the seed that it was drawn from, and all that was sent so far. */
  readonly progress: (seed: number, tally: Tally) => void;
  readonly found: (finding: Finding) => void;
}

export interface Finding {
  readonly seed: number;
  readonly text: string;
  /** The least that still shows it, as far as there was time to find that. */
  readonly conversations: string;
}

export interface Summary {
  readonly firstSeed: number;
  readonly lastSeed: number;
  readonly interrupted: boolean;
  readonly messages: number;
  readonly conversations: number;
  readonly seconds: number;
  readonly sent: Readonly<Record<string, number>>;
  readonly mutations: Readonly<Record<string, number>>;
  readonly answers: Readonly<Record<string, number>>;
  readonly peakMemoryBytes: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

/** Throws where a system hangs, or nothing goes on. */
async function inTime(work: Promise<void>, victims: Victims): Promise<void> {
  const over = new AbortController();
  const late = setTimeout(BATCH_MILLISECONDS, undefined, { signal: over.signal }).then(() => {
    throw new Error('the batch does not end');
  });
  try {
    await Promise.race([work, late, victims.hang(over.signal)]);
  } finally {
    over.abort();
  }
}

export class Run {
  readonly #options: RunOptions;
  readonly #tally = new Tally();
  readonly #findings: Finding[] = [];
  readonly #peaks: Record<string, number> = {};
  readonly #started = performance.now();
  /** Null: none, or one that an attack has harmed. */
  #victims: Victims | null = null;
  /** Why there are none: no fault of what was sent. */
  #noVictims: unknown = null;
  /** Null as long as the batch has not failed. */
  #shrinkUntil: number | null = null;
  #seed: number;
  #stopped = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#seed = options.seed;
  }

  /** The batch that runs is the last one, and is not made smaller. */
  stop(): void {
    this.#stopped = true;
  }

  async finish(): Promise<Summary> {
    const { count, progress } = this.#options;
    try {
      for (; ; this.#seed += 1) {
        await this.#batch(this.#seed);
        progress(this.#seed, this.#tally);
        if (this.#stopped || this.#tally.messages >= count) return this.#summary();
      }
    } finally {
      await this.#endVictims();
    }
  }

  async #batch(seed: number): Promise<void> {
    const property = fc.asyncProperty(batch, (conversations) => this.#attack(conversations));
    this.#shrinkUntil = null;
    const details = await fc.check(property, { seed, numRuns: 1 });
    if (this.#noVictims !== null) throw this.#noVictims;
    if (!details.failed) return;
    const { counterexample, errorInstance } = details;
    const text = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
    const conversations = JSON.stringify(counterexample?.[0] ?? [], brief).slice(0, MOST_TEXT);
    const finding = { seed, text: text.slice(0, MOST_TEXT), conversations };
    this.#findings.push(finding);
    this.#options.found(finding);
  }

  async #attack(conversations: readonly Conversation[]): Promise<void> {
    // Nothing smaller is tried any more: the least failure so far stands.
    const late = this.#shrinkUntil !== null && (this.#stopped || performance.now() >= this.#shrinkUntil);
    if (late || this.#noVictims !== null) throw new fc.PreconditionFailure(true);
    this.#victims ??= await Victims.start(this.#options.nodeArguments).catch((error: unknown) => {
      this.#noVictims = error;
      return null;
    });
    if (this.#victims === null) return;
    try {
      await inTime(runBatch(conversations, this.#victims, this.#tally), this.#victims);
    } catch (error) {
      const reason = await this.#victims.reason(error);
      this.#shrinkUntil ??= performance.now() + (this.#options.shrinkMilliseconds ?? SHRINK_MILLISECONDS);
      await this.#endVictims();
      throw reason;
    }
  }

  async #endVictims(): Promise<void> {
    const victims = this.#victims;
    this.#victims = null;
    if (victims === null) return;
    for (const [name, bytes] of Object.entries(victims.peakMemory)) {
      this.#peaks[name] = Math.max(this.#peaks[name] ?? 0, bytes);
    }
    await victims.end();
  }

  async #summary(): Promise<Summary> {
    await this.#endVictims();
    const { conversations, messages, sent, mutations, seen } = this.#tally;
    return {
      firstSeed: this.#options.seed,
      lastSeed: this.#seed,
      interrupted: this.#stopped,
      messages,
      conversations,
      seconds: (performance.now() - this.#started) / 1000,
      sent,
      mutations,
      answers: seen,
      peakMemoryBytes: this.#peaks,
      findings: this.#findings,
    };
  }
}

/** Bytes in hexadecimal, and nothing of what only a mutation needs. */
function brief(key: string, value: unknown): unknown {
  if (key === 'fields') return undefined;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
