import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RunningProcess } from '../processes.ts';
import { WATCHED_LINE, type Watched } from './watched.ts';

const ANSWER_SECONDS = 10;

/** For a system's Node. */
export const WATCHING: readonly string[] = [
  '--import',
  pathToFileURL(path.join(import.meta.dirname, 'preload.js')).href,
];

/** Asks a system that was started with preload.ts what it has seen. */
export class Watch {
  readonly #system: RunningProcess;
  #asked = 0;

  constructor(system: RunningProcess) {
    this.#system = system;
  }

  /** Since the last time that it was asked, or since its start. */
  async ask(): Promise<Watched> {
    this.#asked += 1;
    const start = `${WATCHED_LINE} ${this.#asked} `;
    this.#system.kill('SIGUSR2');
    await this.#system.printed(new RegExp(`^${start}.*\\n`, 'm'), ANSWER_SECONDS);
    const line = this.#system.output.split('\n').find((each) => each.startsWith(start));
    return JSON.parse((line ?? '').slice(start.length));
  }
}
