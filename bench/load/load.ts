/** The state of a load while it goes on: which command comes next, and how long those took that count. */
import { quantile } from '../statistics.ts';
import {
  commandsOnce,
  type LoadPlan,
  type LoadResult,
  nextSession,
  outstandingOf,
  targetOf,
} from './load-plan.ts';
import { LoadSession } from './load-session.ts';

export class Load {
  readonly #plan: LoadPlan;
  readonly #sessions: LoadSession[] = [];
  #latencies: number[] = [];
  /** Resolves when no command is left: never, where there is no end to them. */
  readonly allEnded: Promise<void>;
  readonly #last: number;
  #becomeEnded: () => void = () => {};
  #sent = 0;
  #running = 0;
  #since = 0;
  #cpuBefore = 0;
  #goesOn = true;

  /** Resolves when all sessions are logged in. */
  static async open(plan: LoadPlan): Promise<Load> {
    const load = new Load(plan);
    for (let i = 0; i < plan.sessions; i += 1)
      load.#sessions.push(await LoadSession.open(plan, i, (milliseconds) => load.#ended(i, milliseconds)));
    return load;
  }

  private constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#last = plan.once ? commandsOnce(plan) : Number.POSITIVE_INFINITY;
    this.allEnded = new Promise((resolve) => {
      this.#becomeEnded = resolve;
    });
  }

  start(): void {
    for (let i = 0; i < outstandingOf(this.#plan); i += 1) this.#sendNext(i % this.#plan.sessions);
  }

  /** What has ended before does not count. */
  count(): void {
    this.#latencies = [];
    this.#since = performance.now();
    this.#cpuBefore = cpuSeconds();
  }

  /** Nothing more is sent. */
  end(): LoadResult {
    this.#goesOn = false;
    const seconds = (performance.now() - this.#since) / 1000;
    const sorted = Float64Array.from(this.#latencies).sort();
    const latency = { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) };
    const refused = this.#sessions.reduce((sum, session) => sum + session.refused, 0);
    const used = cpuSeconds() - this.#cpuBefore;
    return { commands: sorted.length, seconds, cpuSeconds: used, refused, latency };
  }

  #sendNext(session: number): void {
    if (this.#sent === this.#last) return;
    const command = this.#sent;
    this.#sent += 1;
    this.#running += 1;
    this.#sessions[session]?.send(targetOf(this.#plan, command));
  }

  #ended(session: number, milliseconds: number): void {
    this.#running -= 1;
    this.#latencies.push(milliseconds);
    if (this.#goesOn) this.#sendNext(nextSession(this.#plan, session, this.#sent));
    if (this.#running === 0) this.#becomeEnded();
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
