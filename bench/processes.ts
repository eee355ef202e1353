/** Processes that the benchmark starts, and nothing else: they are stopped by their own id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { endedChildrenCpuSeconds } from './proc.ts';

const STOP_MILLISECONDS = 5000;
/** The most output that is kept of one process, in characters. */
const KEEP_OUTPUT = 1 << 20;

export interface SpawnOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

export interface Counted {
  readonly output: string;
  /** User and system time of all its threads, from its start to its end. */
  readonly cpuSeconds: number;
}

export class Processes {
  readonly #running = new Set<RunningProcess>();
  #closed = false;
  /** Processes that have ended, and whose CPU time the kernel has added to that of the others. */
  #exits = 0;

  start(command: string, args: readonly string[], options: SpawnOptions = {}): RunningProcess {
    if (this.#closed) throw new Error('the benchmark is being stopped');
    const started = new RunningProcess(command, args, options);
    this.#running.add(started);
    void started.ended.then(() => this.#running.delete(started));
    void started.exited.then(() => {
      this.#exits += 1;
    });
    return started;
  }

  /** Standard output, once the process has ended with exit code 0 within the time. Rejects otherwise. */
  async run(
    command: string,
    args: readonly string[],
    seconds: number,
    options: SpawnOptions = {},
  ): Promise<string> {
    const process = this.start(command, args, options);
    const timer = setTimeout(() => process.kill('SIGKILL'), seconds * 1000);
    const ending = await process.ended;
    clearTimeout(timer);
    if (ending !== 'exit code 0') throw new Error(`${command} ended with ${ending}:\n${process.output}`);
    return process.output;
  }

  /**
   * The same, and what CPU time it took. The kernel keeps that of a parent's ended processes in one sum: rejects where another one has
   * ended meanwhile.
   */
  async runCounted(command: string, args: readonly string[], seconds: number): Promise<Counted> {
    const [exits, before] = [this.#exits, endedChildrenCpuSeconds()];
    const output = await this.run(command, args, seconds);
    const cpuSeconds = endedChildrenCpuSeconds() - before;
    if (this.#exits - exits !== 1) throw new Error(`another process has ended while ${command} ran`);
    return { output, cpuSeconds };
  }

  /** Stops all that runs, and lets nothing more be started. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running].map((process) => process.stop()));
  }

  /** For the very end of this process, when nothing can be waited for. */
  killAll(): void {
    this.#closed = true;
    for (const process of this.#running) process.kill('SIGKILL');
  }
}

export class RunningProcess {
  readonly pid: number;
  /** What it has printed, on both outputs. */
  output = '';
  /** Resolves when the kernel has told of its end; its output may still come. Never, where it did not start. */
  readonly exited: Promise<void>;
  /** Resolves to how it ended; never rejects. */
  readonly ended: Promise<string>;
  readonly #command: string;
  readonly #child: ChildProcess;
  #ending: string | null = null;
  #changed: () => void = () => {};

  constructor(command: string, args: readonly string[], options: SpawnOptions) {
    this.#command = [command, ...args].join(' ');
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
    });
    this.exited = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    this.ended = this.#end();
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-KEEP_OUTPUT);
        this.#changed();
      });
    }
    this.pid = this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#ending === null;
  }

  /** Rejects when the process ends, or `seconds` go by, before its output matches. */
  async printed(pattern: RegExp, seconds: number): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!pattern.test(this.output)) {
      const left = deadline - Date.now();
      if (this.#ending !== null || left <= 0)
        throw new Error(
          `${this.#command} ${this.#ending ?? 'runs'} without printing ${pattern}:\n${this.output}`,
        );
      await this.#change(left);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM; SIGKILL if that is not enough. */
  async stop(): Promise<void> {
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), STOP_MILLISECONDS);
    await this.ended;
    clearTimeout(timer);
  }

  #change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #end(): Promise<string> {
    try {
      const [code, signal] = await once(this.#child, 'close');
      this.#ending = code === null ? `signal ${signal}` : `exit code ${code}`;
    } catch (error) {
      this.#ending = `the error ${error instanceof Error ? error.message : error}`;
    }
    this.#changed();
    return this.#ending;
  }
}
