/** The faults of a plan, one after another, on a cluster with clients; then everything is healed and read back. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';
import { type FindingKind, Findings } from './findings.ts';
import type { Path } from './path.ts';
import { describeFault, type PlanOptions, planFaults, type Strike } from './plan.ts';
import { Rig } from './rig.ts';
import { strike } from './strike.ts';
import { type Summary, summaryOf } from './summary.ts';
import { CHECKED_BLOCKS } from './workload.ts';

/** What is waited for comes soon or not at all; the machine may be busy. */
const PATIENCE_MILLISECONDS = 40_000;
const POLL_MILLISECONDS = 100;
/** Work between one fault's end and the next one's start. */
const CALM_MILLISECONDS = 300;
const READ_BACK_BLOCKS = 256;

export interface RunOptions extends PlanOptions {
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Rejects where `signal` stops it. Whatever happens, no process is left. */
export async function runChaos(options: RunOptions): Promise<Summary> {
  const findings = new Findings(({ kind, at, text }) =>
    options.tell(`[${at.toFixed(1)}] FINDING ${kind}: ${text}`),
  );
  const rig = await Rig.start(options.seed, findings);
  let outcome: Summary;
  try {
    const run = new Run(rig, findings, options);
    await run.strikeAll();
    await run.readBack();
    outcome = summaryOf(options, rig, findings);
  } catch (error) {
    // What went wrong first is what is told.
    await rig.end().catch(() => {});
    throw error;
  }
  await rig.end();
  return outcome;
}

class Run {
  readonly #rig: Rig;
  readonly #findings: Findings;
  readonly #options: RunOptions;

  constructor(rig: Rig, findings: Findings, options: RunOptions) {
    this.#rig = rig;
    this.#findings = findings;
    this.#options = options;
  }

  async strikeAll(): Promise<void> {
    const strikes = planFaults(this.#options);
    this.#rig.startClients();
    await this.#recovered();
    for (const [index, faults] of strikes.entries()) {
      await this.#strike(faults, `${index + 1}/${strikes.length}`);
      await this.#recovered();
      await this.#sleep(CALM_MILLISECONDS);
    }
  }

  /** Nothing else runs: every block that was ever written, through every path of every client. */
  async readBack(): Promise<void> {
    this.#findings.fault = 'the end';
    this.#say('all is healed: reading everything back through every path');
    const { workload, clients, qemu, perf } = this.#rig;
    await this.#inTime('the operations of the clients', 'hung', workload.stop());
    await Promise.all([...qemu, perf].map((tool) => tool.stop()));
    for (const client of clients) await this.#readClient(client);
    await this.#readQemu();
    await Promise.all(clients.map((client) => client.leave()));
    await this.#atRest();
  }

  async #strike(faults: Strike, number: string): Promise<void> {
    const what = faults.map(describeFault).join(' and ');
    this.#findings.fault = what;
    this.#say(`${number} ${what}`);
    await Promise.all(faults.map((fault) => strike(this.#rig, fault, this.#options.signal)));
  }

  /** The link is up, every path of every client works, and each client gets on. */
  async #recovered(): Promise<void> {
    const { cluster, clients, workload } = this.#rig;
    const before = workload.progress;
    const paths = clients.flatMap((client) => client.paths);
    const broken = () => paths.filter((path) => !path.worksFully).map(({ options }) => options);
    const pathsWork = await this.#until(
      () => broken().length === 0 && workload.stuckSince(before).length === 0,
    );
    if (!pathsWork) {
      const names = broken().map(({ initiatorName, name }) => `${initiatorName} ${name}`);
      if (names.length > 0) this.#findings.add('unhealed', `paths do not work: ${names.join(', ')}`);
      const stuck = workload.stuckSince(before);
      if (stuck.length > 0) this.#findings.add('hung', `no operation has ended of ${stuck.join(', ')}`);
      this.#say(cluster.said().split('\n').slice(-40).join('\n'));
    }
    await cluster.untilLinked().catch((error: unknown) => this.#unhealed(error));
    for (const path of paths) await this.#probe(path);
  }

  /** A path may work by what it last said alone. */
  async #probe(path: Path): Promise<void> {
    const { name, luns, initiatorName } = path.options;
    for (const lun of luns) {
      if (!(await this.#eventually(() => path.check(lun))))
        this.#findings.add('unhealed', `unit ${lun} is not ready for ${initiatorName} through ${name}`);
    }
  }

  async #readClient(client: Client): Promise<void> {
    for (const path of client.paths) {
      for (const unit of path.options.luns) {
        for (let block = 0; block < CHECKED_BLOCKS; block += READ_BACK_BLOCKS) {
          const range = { unit, block, blocks: READ_BACK_BLOCKS };
          if (!(await this.#eventually(() => client.readThrough(path, range, true))))
            this.#findings.add(
              'unhealed',
              `${client.name} can't read unit ${unit} through ${path.options.name}`,
            );
        }
      }
    }
  }

  async #readQemu(): Promise<void> {
    const { qemu } = this.#rig;
    for (const client of qemu) {
      for (const disk of client.disks) {
        if (!(await client.readAll(disk)))
          this.#findings.add('unhealed', `QEMU can't read all through ${disk.portal} ${disk.targetName}`);
      }
    }
  }

  async #atRest(): Promise<void> {
    const atRest = this.#rig.cluster.until(
      'no session, exchange or buffer is left',
      ({ sessions, links, systems }) =>
        sessions.length === 0 &&
        links.length === 2 &&
        links.every(({ exchanges, bufferedBytes }) => exchanges === 0 && bufferedBytes === 0) &&
        systems.every((system) => system.reachable && system.bufferedBytes === 0),
    );
    await atRest.catch((error: unknown) => this.#unhealed(error));
  }

  #unhealed(error: unknown): void {
    const [what = '', ...more] = String(error).split('\n');
    this.#findings.add('unhealed', what);
    this.#say(more.join('\n'));
  }

  async #inTime(what: string, kind: FindingKind, promise: Promise<void>): Promise<void> {
    let over = false;
    void promise.then(() => {
      over = true;
    });
    if (!(await this.#until(() => over))) this.#findings.add(kind, `${what} do not end`);
  }

  /** Gives false where it never came true. */
  async #until(holds: () => boolean): Promise<boolean> {
    return this.#eventually(() => Promise.resolve(holds()));
  }

  async #eventually(holds: () => Promise<boolean>): Promise<boolean> {
    const deadline = performance.now() + PATIENCE_MILLISECONDS;
    while (!(await holds())) {
      if (performance.now() > deadline) return false;
      await this.#sleep(POLL_MILLISECONDS);
    }
    return true;
  }

  #sleep(milliseconds: number): Promise<void> {
    return sleep(milliseconds, undefined, { signal: this.#options.signal });
  }

  #say(what: string): void {
    this.#options.tell(`[${this.#findings.now.toFixed(1)}] ${what}`);
  }
}
