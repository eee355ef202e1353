/** Runs many seeds, in a process a core: each runs one after another, for a fresh process would spend most of its time on becoming fast. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SeedReport, SeedTask } from './seed-process.ts';

export interface CrewOptions {
  readonly first: number;
  readonly last: number;
  readonly jobs: number;
  readonly twice: boolean;
}

const modulePath = fileURLToPath(new URL('./seed-process.js', import.meta.url));
/** Events live shortly: with room for many of them, few are ever copied. */
const execArgv = ['--max-semi-space-size=32'];
/** A seed takes a second or two. One that takes this long (ms) does not end. */
const PATIENCE = 300_000;

export class Crew {
  readonly #options: CrewOptions;
  readonly #report: (report: SeedReport) => void;
  readonly #members = new Set<ChildProcess>();
  #next: number;
  #stopped = false;
  #finish: () => void = () => {};

  /** `report` is told of every seed as it ends: not in the order of the seeds. */
  constructor(options: CrewOptions, report: (report: SeedReport) => void) {
    this.#options = options;
    this.#report = report;
    this.#next = options.first;
  }

  /** Until all seeds have run, or `stop`. */
  run(): Promise<void> {
    const { first, last, jobs } = this.#options;
    return new Promise((resolve) => {
      this.#finish = resolve;
      for (let job = 0; job < Math.min(jobs, last - first + 1); job += 1) this.#hire();
    });
  }

  /** Seeds that run are dropped. */
  stop(): void {
    this.#stopped = true;
    for (const member of this.#members) member.kill('SIGKILL');
  }

  get #isDone(): boolean {
    return this.#stopped || this.#next > this.#options.last;
  }

  #hire(): void {
    const member = fork(modulePath, { execArgv, stdio: ['ignore', 2, 2, 'ipc'] });
    this.#members.add(member);
    let seed: number | null = null;
    let patience: NodeJS.Timeout | undefined;
    const give = (): void => {
      clearTimeout(patience);
      seed = this.#give(member);
      if (seed !== null) patience = setTimeout(() => member.kill('SIGKILL'), PATIENCE);
    };
    member.on('message', (report: SeedReport) => {
      this.#report(report);
      give();
    });
    member.on('exit', (code, signal) => {
      clearTimeout(patience);
      this.#members.delete(member);
      if (seed !== null && !this.#stopped) this.#report(lost(seed, `its process ended: ${signal ?? code}`));
      if (!this.#isDone) this.#hire();
      else if (this.#members.size === 0) this.#finish();
    });
    give();
  }

  /** Null: there is none left, and the process may go. */
  #give(member: ChildProcess): number | null {
    if (this.#isDone) {
      member.disconnect();
      return null;
    }
    const { twice } = this.#options;
    const seed = this.#next;
    this.#next += 1;
    const task: SeedTask = { seed, twice };
    member.send(task);
    return seed;
  }
}

function lost(seed: number, text: string): SeedReport {
  const nothing = { hash: '', otherHash: null, events: 0, operations: 0, retries: 0 };
  return { seed, failure: { kind: 'process', text }, ...nothing };
}
