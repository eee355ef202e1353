/**
 * A host that behaves as dm-multipath does: it keeps a session on every path, sends each operation down one of them, and
 * when that fails by the path's fault sends it again down another, for as long as it takes.
 */
import type { ScsiResult } from '../../client/iscsi-initiator.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { Cdb } from '../support/session.ts';
import type { Checker } from './checker.ts';
import type { Findings } from './findings.ts';
import { Path, type PathOptions } from './path.ts';

export interface Range {
  readonly unit: number;
  readonly block: number;
  readonly blocks: number;
}

/** Which of the paths that work: the owner's before others, the others before the owner's, or each in its turn. */
export type PathPolicy = 'direct' | 'proxied' | 'roundRobin';

const SenseKey = { notReady: 2, unitAttention: 6 } as const;

export class Client {
  readonly name: string;
  readonly paths: readonly Path[];
  readonly counts = { reads: 0, writes: 0, sentAgain: 0, lost: 0, aborted: 0 };
  readonly #number: number;
  readonly #policy: PathPolicy;
  readonly #checker: Checker;
  readonly #findings: Findings;
  #forPath: (() => void)[] = [];
  #turn = 0;

  constructor(
    number: number,
    policy: PathPolicy,
    paths: readonly PathOptions[],
    checker: Checker,
    findings: Findings,
  ) {
    this.name = `client ${number} (${policy})`;
    this.#number = number;
    this.#policy = policy;
    this.#checker = checker;
    this.#findings = findings;
    this.paths = paths.map((options) => new Path(options, () => this.#pathWorks()));
  }

  start(): void {
    for (const path of this.paths) path.start();
  }

  async leave(): Promise<void> {
    await Promise.all(this.paths.map((path) => path.leave()));
  }

  async write(range: Range): Promise<void> {
    const operation = this.#checker.newOperation();
    while (!(await this.#tryWrite(range, operation, await this.#path(range.unit))))
      this.counts.sentAgain += 1;
    this.counts.writes += 1;
  }

  async read(range: Range): Promise<void> {
    while (!(await this.readThrough(await this.#path(range.unit), range))) this.counts.sentAgain += 1;
    this.counts.reads += 1;
  }

  /** Gives false where the path failed. */
  async readThrough(path: Path, range: Range, atTheEnd = false): Promise<boolean> {
    const { unit, block, blocks } = range;
    const read = this.#checker.beginRead(range, path.options.name);
    const outcome = await path.run(unit, Cdb.read10(block, blocks));
    if (outcome.kind !== 'answered') this.counts[outcome.kind] += 1;
    if (outcome.kind !== 'answered' || !this.#succeeded(path, unit, outcome.result)) return false;
    this.#checker.endRead(read, Buffer.from(outcome.result.dataIn), atTheEnd);
    return true;
  }

  async #tryWrite(range: Range, operation: number, path: Path): Promise<boolean> {
    const { unit, block, blocks } = range;
    const attempt = this.#checker.beginWrite(range, operation, this.#number, path.options.name);
    const outcome = await path.run(unit, Cdb.write10(block, blocks), this.#checker.dataOf(attempt));
    if (outcome.kind !== 'answered') {
      this.counts[outcome.kind] += 1;
      this.#checker.givenUp(attempt, outcome.kind);
      return false;
    }
    if (this.#succeeded(path, unit, outcome.result)) {
      this.#checker.acknowledged(attempt);
      return true;
    }
    this.#checker.givenUp(attempt, 'refused');
    return false;
  }

  /** What is no path's fault, and nothing to ask again for, is a finding. */
  #succeeded(path: Path, unit: number, { status, sense }: ScsiResult): boolean {
    if (status === Status.good) return true;
    const again = status === Status.busy || status === Status.taskSetFull;
    const expected = sense?.key === SenseKey.notReady || sense?.key === SenseKey.unitAttention;
    if (!again && !expected) {
      const text = `status ${status} sense ${sense?.key}/${sense?.asc}/${sense?.ascq}`;
      this.#findings.add('refused', `unit ${unit} answers ${text}`, ` through ${path.options.name}`);
    }
    if (!again && sense?.key !== SenseKey.unitAttention) path.failed(unit);
    return false;
  }

  async #path(unit: number): Promise<Path> {
    for (;;) {
      const path = this.#choose(unit);
      if (path !== null) return path;
      await new Promise<void>((resolve) => this.#forPath.push(resolve));
    }
  }

  #choose(unit: number): Path | null {
    const working = this.paths.filter((path) => path.works(unit));
    this.#turn += 1;
    if (this.#policy === 'roundRobin') return working[this.#turn % Math.max(1, working.length)] ?? null;
    const wanted = this.#policy === 'proxied';
    const preferred = working.find(({ options }) => options.proxied.includes(unit) === wanted);
    return preferred ?? working[0] ?? null;
  }

  #pathWorks(): void {
    const waiting = this.#forPath;
    this.#forPath = [];
    for (const go of waiting) go();
  }
}
