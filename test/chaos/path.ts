/** One way of a client's to its units: a session that is made anew when it ends, and which units answer on it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { IscsiInitiator, type ScsiResult } from '../../client/iscsi-initiator.ts';
import { TaskFunction } from '../../src/wire/iscsi/task-management-request.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { Cdb } from '../support/session.ts';

export interface PathOptions {
  /** The target port's. */
  readonly name: string;
  /** Where its relay listens. */
  readonly host: string;
  readonly port: number;
  readonly targetName: string;
  readonly initiatorName: string;
  /** The units that the port shows, and those that it forwards. */
  readonly luns: readonly number[];
  readonly proxied: readonly number[];
}

/** 'lost': the session has ended without an answer. 'aborted': the answer to ABORT TASK says that it does not run any more. */
export type Outcome =
  | { readonly kind: 'answered'; readonly result: ScsiResult }
  | { readonly kind: 'aborted' | 'lost' };

const LOGIN_MILLISECONDS = 3_000;
const COMMAND_MILLISECONDS = 2_500;
const ABORT_MILLISECONDS = 1_000;
const CHECK_MILLISECONDS = 250;
const UNIT_ATTENTION = 6;
const ABORTED_RESPONSE = 0;

export class Path {
  readonly options: PathOptions;
  sessions = 0;
  aborts = 0;
  readonly #changed: () => void;
  readonly #works = new Set<number>();
  #session: IscsiInitiator | null = null;
  #over: Promise<void> = Promise.resolve();
  #leaving = false;

  /** `changed`: a unit answers on it (again). */
  constructor(options: PathOptions, changed: () => void) {
    this.options = options;
    this.#changed = changed;
  }

  start(): void {
    this.#over = this.#keep();
  }

  works(lun: number): boolean {
    return this.#works.has(lun);
  }

  get worksFully(): boolean {
    return this.options.luns.every((lun) => this.works(lun));
  }

  /** The unit did not answer as it should: not used until it is ready again. */
  failed(lun: number): void {
    this.#works.delete(lun);
  }

  /** A command that takes too long is aborted; where that is not answered either, the session is given up. */
  async run(lun: number, cdb: Cdb, dataOut?: Uint8Array): Promise<Outcome> {
    const session = this.#session;
    if (session === null) return { kind: 'lost' };
    const options = { dataInLength: cdb.dataInLength, ...(dataOut === undefined ? {} : { dataOut }) };
    const sent = session.start(lun, cdb.bytes, options);
    const answered = sent.result.then(
      (result): Outcome => ({ kind: 'answered', result }),
      (): Outcome => ({ kind: 'lost' }),
    );
    const first = await within(answered, COMMAND_MILLISECONDS);
    if (first !== null) return first;
    this.aborts += 1;
    const aborting = session.manage(TaskFunction.abortTask, lun, sent).catch(() => null);
    const response = await within(aborting, ABORT_MILLISECONDS);
    // An answer that was faster than the abort is none the less an answer.
    const late = await within(answered, 0);
    if (late !== null) return late;
    if (response === ABORTED_RESPONSE) return { kind: 'aborted' };
    await session.destroy();
    return { kind: 'lost' };
  }

  /** Logs out; where that takes too long, the connection is broken. */
  async leave(): Promise<void> {
    this.#leaving = true;
    const session = this.#session;
    if (session !== null) {
      await within(
        session.logout().catch(() => null),
        COMMAND_MILLISECONDS,
      );
      await session.destroy();
    }
    await this.#over;
  }

  async #keep(): Promise<void> {
    while (!this.#leaving) {
      await this.#oneSession();
      this.#session = null;
      this.#works.clear();
      if (!this.#leaving) await sleep(CHECK_MILLISECONDS);
    }
  }

  async #oneSession(): Promise<void> {
    const { host, port, targetName, initiatorName } = this.options;
    const signal = AbortSignal.timeout(LOGIN_MILLISECONDS);
    const where = { host, port, targetName, initiatorName, signal };
    const session = await IscsiInitiator.connect(where).catch(() => null);
    if (session === null) return;
    this.sessions += 1;
    this.#session = session;
    if (this.#leaving) return session.destroy();
    const { closed } = session.connection;
    let ended = false;
    void closed.then(() => {
      ended = true;
    });
    while (!ended) {
      await this.#checkUnits();
      await within(closed, CHECK_MILLISECONDS);
    }
  }

  /** TEST UNIT READY where a unit is not known to work, as multipathd's path checker. */
  async #checkUnits(): Promise<void> {
    for (const lun of this.options.luns) if (!this.works(lun)) await this.check(lun);
  }

  /** Whether the unit is ready; unit attentions are taken, and asked again. */
  async check(lun: number): Promise<boolean> {
    const session = this.#session;
    for (;;) {
      const outcome = await this.run(lun, Cdb.testUnitReady);
      if (outcome.kind !== 'answered' || session !== this.#session) return false;
      const { status, sense } = outcome.result;
      if (status === Status.good) break;
      if (sense?.key !== UNIT_ATTENTION) return false;
    }
    this.#works.add(lun);
    this.#changed();
    return true;
  }
}

/** Null where it takes longer. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
