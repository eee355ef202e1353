/** Which units answer on a session, as multipathd's checker finds out: TEST UNIT READY, and REPORT TARGET PORT GROUPS now and then. */
import { putU32 } from '../../src/wire/scsi/bytes.ts';
import { OpCode, ServiceAction } from '../../src/wire/scsi/opcodes.ts';
import type { Sense } from '../../src/wire/scsi/sense.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import type { NexusAttentions } from '../checkers/attentions.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Outcome } from './sent-command.ts';
import type { ClientSession } from './session.ts';

const CHECK_INTERVAL = 400;
const POLL_INTERVAL = 1_500;
const GROUPS_LENGTH = 512;
const NO_BYTES = new Uint8Array(0);

export interface CheckOwner {
  becameReady(lun: number): void;
  becameUnready(lun: number): void;
}

/** Of one unit on one session. */
export class PathCheck {
  readonly #world: World;
  readonly #process: SimProcess;
  readonly #session: ClientSession;
  readonly #lun: number;
  /** ms until a check that is not answered ends the session. */
  readonly #timeout: number;
  readonly #attentions: NexusAttentions;
  readonly #owner: CheckOwner;
  #over = false;
  #checking = false;

  constructor(
    world: World,
    process: SimProcess,
    session: ClientSession,
    lun: number,
    timeout: number,
    attentions: NexusAttentions,
    owner: CheckOwner,
  ) {
    this.#world = world;
    this.#process = process;
    this.#session = session;
    this.#lun = lun;
    this.#timeout = timeout;
    this.#attentions = attentions;
    this.#owner = owner;
  }

  start(): void {
    this.#check(() => this.#pollLater());
  }

  /** The unit did not answer as it should. */
  checkLater(): void {
    this.#timer(CHECK_INTERVAL, () => this.#check(() => {}));
  }

  stop(): void {
    this.#over = true;
  }

  attention(sense: Sense, sent: number): void {
    this.#attentions.reported(sense, sent, this.#world.now);
  }

  /** Unit attentions are taken, and asked again. `then`: it has been answered with something else. */
  #check(then: () => void): void {
    if (this.#checking) return then();
    this.#checking = true;
    this.#send(new Uint8Array([OpCode.testUnitReady, 0, 0, 0, 0, 0]), 0, (outcome) => {
      this.#checking = false;
      if (outcome.kind === 'status') {
        if (outcome.sense?.key === 6) return this.#check(then);
        this.#attentions.answeredWithout();
      }
      if (outcome.kind === 'status' && outcome.status === Status.good) this.#owner.becameReady(this.#lun);
      else {
        this.#owner.becameUnready(this.#lun);
        this.checkLater();
      }
      then();
    });
  }

  #pollLater(): void {
    this.#timer(POLL_INTERVAL * this.#world.prng.between(0.5, 1.5), () => this.#poll());
  }

  #poll(): void {
    const cdb = new Uint8Array(12);
    cdb[0] = OpCode.maintenanceIn;
    cdb[1] = ServiceAction.reportTargetPortGroups;
    putU32(cdb, 6, GROUPS_LENGTH);
    const sent = this.#world.now;
    this.#send(cdb, GROUPS_LENGTH, (outcome) => {
      if (outcome.kind !== 'status' || outcome.status !== Status.good) return this.#pollLater();
      // A check under way may have been answered before this was: it says nothing of what this shows.
      if (this.#checking) return this.#pollLater();
      this.#attentions.groupsShown(outcome.dataIn.join(), sent);
      this.#check(() => this.#pollLater());
    });
  }

  #send(cdb: Uint8Array, dataInLength: number, ended: (outcome: Outcome) => void): void {
    let waiting = true;
    this.#session.command({
      lun: this.#lun,
      cdb,
      dataOut: NO_BYTES,
      dataInLength,
      ended: (outcome) => {
        waiting = false;
        if (!this.#over) ended(outcome);
      },
    });
    this.#timer(this.#timeout, () => {
      if (waiting) this.#session.drop();
    });
  }

  #timer(milliseconds: number, run: () => void): void {
    const unlessOver = (): void => {
      if (!this.#over) run();
    };
    this.#world.at(this.#world.now + milliseconds, this.#process, unlessOver, true);
  }
}
