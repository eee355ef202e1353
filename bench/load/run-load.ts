/** Load in a process of its own: what its event loop is busy with is not what another one measures. */
import path from 'node:path';
import type { Processes, RunningProcess } from '../processes.ts';
import { LoadLine, type LoadPlan, type LoadResult } from './load-plan.ts';

const ENTRY = path.join(import.meta.dirname, 'process.js');
/** Hundreds of sessions, or a thousand units that each have something to tell a new nexus. */
const LOGIN_SECONDS = 60;
/** Beyond the time that the load is to take. */
const GRACE_SECONDS = 20;

export class RunningLoad {
  readonly #process: RunningProcess;
  readonly #plan: LoadPlan;

  /** Resolves when the sessions are logged in. */
  static async start(processes: Processes, plan: LoadPlan): Promise<RunningLoad> {
    const load = new RunningLoad(processes.start(process.execPath, [ENTRY, JSON.stringify(plan)]), plan);
    await load.#printed(LoadLine.loggedIn, LOGIN_SECONDS);
    return load;
  }

  private constructor(running: RunningProcess, plan: LoadPlan) {
    this.#process = running;
    this.#plan = plan;
  }

  /** Resolves when the warm-up is over. */
  async counting(): Promise<void> {
    await this.#printed(LoadLine.counting, this.#plan.warmUpSeconds + GRACE_SECONDS);
  }

  /** Resolves when the time of the load is over, and not before `stop` where it has no end of its own. */
  async result(): Promise<LoadResult> {
    await this.#printed(`${LoadLine.result} .*`, (this.#plan.seconds ?? 0) + GRACE_SECONDS);
    const line = this.#process.output.split('\n').find((each) => each.startsWith(LoadLine.result));
    return JSON.parse((line ?? '').slice(LoadLine.result.length));
  }

  /** Resolves when the process has ended: its sessions are gone. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async #printed(line: string, seconds: number): Promise<void> {
    await this.#process.printed(new RegExp(`^${line}\\n`, 'm'), seconds);
  }
}
