/** What many seeds came to: told as they end, and at the end. */
import type { SeedReport } from './seed-process.ts';

export interface Finding {
  readonly seed: number;
  readonly what: 'failure' | 'two histories';
  readonly text: string;
}

export interface Summary {
  readonly first: number;
  readonly last: number;
  readonly interrupted: boolean;
  readonly seeds: number;
  readonly operations: number;
  readonly seconds: number;
  readonly seedsPerSecond: number;
  readonly failures: number;
  readonly findings: readonly Finding[];
}

export class Tally {
  readonly #first: number;
  readonly #last: number;
  readonly #started = performance.now();
  readonly #findings: Finding[] = [];
  #seeds = 0;
  #operations = 0;

  constructor(first: number, last: number) {
    this.#first = first;
    this.#last = last;
  }

  /** What this seed has shown. */
  add({ seed, hash, otherHash, failure, operations }: SeedReport): Finding[] {
    this.#seeds += 1;
    this.#operations += operations;
    const found: Finding[] = [];
    if (failure !== null) found.push({ seed, what: 'failure', text: failure.text });
    if (otherHash !== null) found.push({ seed, what: 'two histories', text: `${hash}, ${otherHash}` });
    this.#findings.push(...found);
    return found;
  }

  /** With `interrupted` false as long as seeds are still to come. */
  summary(interrupted: boolean): Summary {
    const seconds = (performance.now() - this.#started) / 1000;
    const findings = this.#findings.toSorted((one, other) => one.seed - other.seed);
    return {
      first: this.#first,
      last: this.#last,
      interrupted,
      seeds: this.#seeds,
      operations: this.#operations,
      seconds,
      seedsPerSecond: this.#seeds / seconds,
      failures: findings.length,
      findings,
    };
  }
}

/** One line, for who waits. */
export function progressText({ first, last, seeds, failures, seedsPerSecond }: Summary): string {
  const all = last - first + 1;
  const left = seedsPerSecond === 0 ? '?' : timeText((all - seeds) / seedsPerSecond);
  return `${seeds} of ${all} seeds, ${failures} failed, ${seedsPerSecond.toFixed(2)} a second, ${left} left`;
}

/** `jobs`: processes that ran. Every seed that showed something, with what repeats it. */
export function summaryText(summary: Summary, jobs: number): string {
  const { first, last, interrupted, seeds, operations, seconds, seedsPerSecond, failures } = summary;
  const repeat = summary.findings.map(({ seed, what }) => {
    const option = what === 'failure' ? '--trace' : '--check-determinism';
    return `${what}: npm run sim -- --seed ${seed} ${option}`;
  });
  const which = interrupted ? `interrupted: ${seeds} of seeds ${first} to ${last}` : `${seeds} seeds`;
  const speed = `${seedsPerSecond.toFixed(2)} a second, ${jobs} at a time`;
  return [
    ...repeat,
    `${which}, ${operations} operations in ${seconds.toFixed(1)} s (${speed}): ${failures} failed`,
  ].join('\n');
}

function timeText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${Math.ceil(seconds)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
