/**
 * One command of a copy on a unit, given again while the unit is only busy, or has only something to tell. What a unit says that
 * ends the copy becomes the copy's own sense (SPC-4 5.17.7.4).
 */
import type { Clock, Timer } from '../../env/clock.ts';
import { CopyLimits, ScsiLimits } from '../../limits.ts';
import { type CopyPlace, type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { LogicalUnit, TaskManagementResponse } from '../logical-unit.ts';
import type { CopyNexus } from './copy-nexus.ts';
import { UnitCommand, type UnitOutcome } from './unit-command.ts';

/** Why the copy can't go on. */
export interface UnitFailure {
  readonly sense: Sense;
  readonly forwarded: CopyPlace['forwarded'];
}

export interface AttemptHost {
  readonly clock: Clock;
  readonly nexus: CopyNexus;
  /** The copy begins nothing more. */
  readonly isStopping: boolean;
  /** A unit has completed a command. */
  counted(): void;
}

export interface AttemptOptions {
  readonly unit: LogicalUnit;
  readonly by: 'source' | 'destination';
  readonly cdb: Uint8Array;
  /** All of it has to come, where nothing else is said. */
  readonly dataIn?: Uint8Array;
  readonly mayBeShort?: boolean;
  readonly dataOut?: Uint8Array;
  /** What waited for the nexus from before the copy says nothing about it: a reset neither. */
  readonly isFirst?: boolean;
  /** Once; with null where the unit has done it. `received`: bytes of data-in. */
  readonly ended: (failure: UnitFailure | null, received: number) => void;
}

const NOT_READY = 0x2;
const UNIT_ATTENTION = 0x6;
const ASC_NOT_READY = 0x04;
const ASC_INVALID_TOKEN_OPERATION = 0x23;
const ASC_RESET = 0x29;
const ASC_CLEARED = 0x2f;

export class Attempt {
  readonly #host: AttemptHost;
  readonly #options: AttemptOptions;
  #command: UnitCommand | null = null;
  #timer: Timer | null = null;
  #isOver = false;
  #attentions = 0;

  constructor(host: AttemptHost, options: AttemptOptions) {
    this.#host = host;
    this.#options = options;
  }

  start(): void {
    const { unit, cdb, dataIn, dataOut } = this.#options;
    const { nexus } = this.#host;
    nexus.uses(unit);
    const command = new UnitCommand({
      unit,
      nexus: nexus.standIn,
      tag: nexus.nextTag(),
      cdb,
      ...(dataIn === undefined ? {} : { dataIn }),
      ...(dataOut === undefined ? {} : { dataOut }),
      ended: (outcome, received) => this.#ended(outcome, received),
    });
    this.#command = command;
    command.start();
  }

  /** `done` comes behind `ended`, where the unit lets go of the command. */
  abort(done: (response: TaskManagementResponse) => void): void {
    if (this.#isOver || this.#command === null) {
      this.lose();
      return done('complete');
    }
    this.#command.abort(done);
  }

  /** The nexus is lost: the unit ends what it runs by itself. */
  lose(): void {
    if (this.#timer === null) return;
    this.#timer.cancel();
    this.#timer = null;
    this.#end({ sense: sense.copyCleared(), forwarded: null });
  }

  #ended(outcome: UnitOutcome, received: number): void {
    this.#command = null;
    if (outcome === 'aborted') return this.#end({ sense: sense.copyCleared(), forwarded: null });
    if ('unknown' in outcome) return this.#end({ sense: sense.copyTargetNotReachable(), forwarded: null });
    if (outcome.status === Status.good) {
      this.#host.counted();
      const { dataIn, mayBeShort = false } = this.#options;
      const isShort = !mayBeShort && dataIn !== undefined && received < dataIn.length;
      return this.#end(isShort ? { sense: sense.copyTargetUnderrun(), forwarded: null } : null, received);
    }
    if (outcome.status === Status.busy || outcome.status === Status.taskSetFull) return this.#wait();
    if (outcome.sense !== null && this.#mayIgnore(outcome.sense)) return this.#again();
    const forwarded = { by: this.#options.by, status: outcome.status, sense: outcome.sense };
    this.#end({ sense: copySenseOf(outcome.sense), forwarded });
  }

  #wait(): void {
    this.#timer = this.#host.clock.after(CopyLimits.retryMilliseconds, () => {
      this.#timer = null;
      this.#again();
    });
  }

  #again(): void {
    if (this.#host.isStopping) this.#end({ sense: sense.copyTimedOut(), forwarded: null });
    else this.start();
  }

  /** A unit attention that does not say that what the copy had there is gone. */
  #mayIgnore({ key, asc }: Sense): boolean {
    if (key !== UNIT_ATTENTION) return false;
    this.#attentions += 1;
    if (this.#attentions > ScsiLimits.unitAttentionsPerNexus) return false;
    return this.#options.isFirst === true || !isCleared(asc);
  }

  #end(failure: UnitFailure | null, received = 0): void {
    this.#isOver = true;
    this.#options.ended(failure, received);
  }
}

function isCleared(asc: number): boolean {
  return asc === ASC_RESET || asc === ASC_CLEARED;
}

function copySenseOf(told: Sense | null): Sense {
  if (told?.asc === ASC_INVALID_TOKEN_OPERATION) return told;
  if (told?.key === UNIT_ATTENTION && isCleared(told.asc)) return sense.copyCleared();
  if (told?.key === NOT_READY && told.asc === ASC_NOT_READY) return sense.copyTargetNotReachable();
  return sense.thirdPartyDeviceFailure();
}
