import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { LogLevel } from '../../src/daemon/pino-log.ts';

export interface ClusterProcessesOptions {
  /** The command line's main file. */
  readonly entry: string;
  readonly file: string;
  readonly systems: readonly string[];
  readonly logLevel: LogLevel;
  /** What the systems print, but for their `ready`. */
  readonly line: (line: string) => void;
  /** What they write to stderr, and how they died. */
  readonly errorLine: (line: string) => void;
}

/** Every system of a configuration, in a process each. */
export class ClusterProcesses {
  /** True once every system is ready; false as soon as one has ended without. */
  readonly ready: Promise<boolean>;
  /** Resolves when all have ended: true where each ended cleanly. */
  readonly ended: Promise<boolean>;
  readonly #options: ClusterProcessesOptions;
  readonly #running = new Map<string, ChildProcess>();
  #isStopping = false;

  constructor(options: ClusterProcessesOptions) {
    this.#options = options;
    const systems = options.systems.map((system) => this.#start(system));
    this.ready = firstFalse(systems.map(({ ready }) => ready));
    this.ended = Promise.all(systems.map(({ ended }) => ended)).then((clean) => clean.every(Boolean));
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** The process id of a system that runs. */
  pidOf(system: string): number | undefined {
    return this.#running.get(system)?.pid;
  }

  /** Asks every system to stop; asked again, they stop at once. See `ended`. */
  stop(): void {
    this.#isStopping = true;
    for (const child of this.#running.values()) child.kill('SIGTERM');
  }

  #start(system: string): { ready: Promise<boolean>; ended: Promise<boolean> } {
    const { entry, file, logLevel, line, errorLine } = this.#options;
    const args = [entry, 'start', file, '--system', system, '--log-level', logLevel];
    // A group of its own, so that Ctrl-C reaches this process alone. The channel tells the system when we are gone.
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true });
    this.#running.set(system, child);
    const ready = new Promise<boolean>((resolve) => {
      eachLine(child.stdout, (text) => (text === 'ready' ? resolve(true) : line(text)));
      child.once('close', () => resolve(false));
    });
    eachLine(child.stderr, errorLine);
    const ended = new Promise<boolean>((resolve) => {
      child.once('close', (code, signal) => {
        this.#running.delete(system);
        this.#reportEnd(system, code, signal);
        resolve(code === 0);
      });
    });
    return { ready, ended };
  }

  #reportEnd(system: string, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isStopping && code === 0) return;
    const how = signal === null ? `ended with exit code ${code}` : `died of ${signal}`;
    const others = [...this.#running.keys()].join(', ');
    const rest = others === '' || this.#isStopping ? '' : `; still running: ${others}`;
    this.#options.errorLine(`crosspath: system ${system} ${how}${rest}`);
  }
}

/** False as soon as one is, true once all are. */
function firstFalse(all: readonly Promise<boolean>[]): Promise<boolean> {
  return new Promise((resolve) => {
    for (const one of all) one.then((value) => value || resolve(false));
    Promise.all(all).then((values) => resolve(values.every(Boolean)));
  });
}

function eachLine(stream: Readable | null, line: (text: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', line);
}
