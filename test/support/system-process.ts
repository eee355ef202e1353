import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { Lines } from './lines.ts';

/** The command line of the build that this test is part of. */
const ENTRY = path.resolve(import.meta.dirname, '..', '..', 'cli', 'main.js');
const READY_MILLISECONDS = 30_000;

/** None of them outlives this process where that ends by itself. Where it is killed, the channel closes, and they stop. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One storage system, started as its users start it: `crosspath start FILE --system NAME`. */
export class SystemProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #out: Lines;
  readonly #err: Lines;
  readonly #exited: Promise<number | null>;
  #exitCode: number | null | undefined;
  #toldToEnd = false;

  /** `nodeArguments`: in front of the product's entry. */
  constructor(file: string, name: string, nodeArguments: readonly string[] = []) {
    this.name = name;
    // A process group of its own: Ctrl-C in a terminal is for the test alone, which sees to it that its systems end.
    const child = spawn(process.execPath, [...nodeArguments, ENTRY, 'start', file, '--system', name], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      env: { ...process.env, NO_COLOR: '1' },
    });
    assert(child.stdout !== null && child.stderr !== null);
    this.#child = child;
    running.add(child);
    this.#out = new Lines(child.stdout);
    this.#err = new Lines(child.stderr);
    this.#exited = new Promise((resolve) => {
      child.once('close', (code) => {
        running.delete(child);
        this.#exitCode = code;
        resolve(code);
      });
    });
  }

  get pid(): number {
    assert(this.#child.pid !== undefined);
    return this.#child.pid;
  }

  /** All that it printed and logged, for the error of a test. */
  get said(): string {
    return `${this.name} printed:\n${this.#out.text}\n${this.name} logged:\n${this.#err.text}`;
  }

  get log(): Lines {
    return this.#err;
  }

  get printed(): readonly string[] {
    return this.#out.all;
  }

  get isRunning(): boolean {
    return this.#exitCode === undefined;
  }

  /** It ended although nobody told it to. */
  get endedUnasked(): boolean {
    return !this.isRunning && !this.#toldToEnd;
  }

  async ready(patienceMilliseconds = READY_MILLISECONDS): Promise<void> {
    await this.#out.waitFor(/^ready$/, patienceMilliseconds).catch((error: unknown) => {
      throw new Error(`${this.name} is not ready\n${this.said}`, { cause: error });
    });
  }

  /** SIGTERM. Gives the exit code. */
  stop(): Promise<number | null> {
    this.#signal('SIGTERM');
    return this.#exited;
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#exited;
  }

  /** Stops its loop as a machine that hangs would: connections stay open. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Waits for it to end of its own. Gives the exit code. */
  ended(): Promise<number | null> {
    this.#toldToEnd = true;
    return this.#exited;
  }

  #signal(signal: NodeJS.Signals): void {
    this.#toldToEnd = true;
    if (this.isRunning) this.#child.kill(signal);
  }
}
