/**
 * Persistent reservations, as clients see them. What a unit's may be is kept as the set of all states that some order of
 * the requests so far leads to (Wing and Gong, Testing and Verifying Concurrent Objects, 1993):
 *
 * - A request takes effect at one moment between its sending and its answer, and the answer is what the model
 *   (reservation-model.ts) gives there. One that was answered UNIT ATTENTION, BUSY or TASK SET FULL has none; one that was aborted has
 *   had it or never has; one that was never answered (or NOT READY) may have it at any time: until the owner dies, or, on the owner's
 *   own port, a new session takes the place of its own.
 * - Nothing else changes the state but the owner's death, which leaves it only where APTPL was in force: no loss of a session or link,
 *   no LOGICAL UNIT RESET. READ KEYS and READ RESERVATION are requests as the others.
 * - A command that was answered GOOD was let in, in one of these states at least, between its sending and its answer; and where it was
 *   asked for data, since it sent the last of them. One that was answered RESERVATION CONFLICT was stood against in one of them.
 *   It has not run if it was in none let in, or if it is of one block.
 * - The answer GOOD to a request that changes reservations comes when nothing that is forbidden by then changes blocks any more: a write
 *   that no state lets in when it comes does not take effect later, until one does again. Not said where another request that may
 *   take something away was under way meanwhile: its own wait may not be over.
 * - After PREEMPT AND ABORT was answered GOOD, a command of a victim's which the owner had asked for data before it was sent, and asks
 *   again, gets no status any more: it was in the task set, and aborted commands are not answered (TAS is 0).
 */
import { Status } from '../../src/wire/scsi/status.ts';
import { Violation } from '../world/world.ts';
import { NEVER, type WriteRecord } from './history.ts';
import {
  afterDeath,
  apply,
  type NexusName,
  NOTHING_RESERVED,
  type ReservationAnswer,
  type ReservationRequest,
  type ReservationState,
  standsAgainst,
  stateText,
  takesAway,
} from './reservation-model.ts';

/** More states than that: nothing is said of the unit any more. */
const MOST_STATES = 500;

export interface ReservationOperation {
  readonly id: number;
  readonly nexus: NexusName;
  /** It was sent through a port of the owner's. */
  readonly isDirect: boolean;
  readonly request: ReservationRequest;
  readonly start: number;
  /** It was never answered: if it was with the owner already, it may come into force when its session has gone. */
  unanswered: boolean;
  /** Its session has been replaced by a new one: it is with the owner, or nowhere. */
  replaced: boolean;
  /** When it was certain that it has no effect any more; -1: it had none. */
  end: number;
  /** Nothing that may take something away was under way with it. */
  alone: boolean;
  /** PREEMPT AND ABORT: the victim's commands that were certainly in the task set when it was sent. */
  readonly underWay: readonly GuardedCommand[];
}

/** A command that reservations may stand against. */
export interface GuardedCommand {
  readonly nexus: NexusName;
  readonly isRead: boolean;
  readonly write: WriteRecord | null;
  /** It comes through a port of the owner's: what asks it for data is the task set. */
  readonly isDirect: boolean;
  mayRun: boolean;
  /** Since it sent data last. */
  mayFinish: boolean;
  mayConflict: boolean;
  /** It has no effect from then on. */
  barred: number;
  wasAsked: boolean;
  /** When that was answered which has aborted it. */
  aborted: boolean;
  outlived: boolean;
}

interface Possible {
  readonly state: ReservationState;
  /** What those of the requests under way that have had their effect will be answered. */
  readonly done: ReadonlyMap<ReservationOperation, ReservationAnswer>;
}

/** Of one unit. */
export class Reservations {
  readonly #unit: number;
  #possible = new Map<string, Possible>();
  #known = true;
  #count = 0;
  readonly #open = new Set<ReservationOperation>();
  /** Never answered. They may have their effect more often than once: that is said too much, and keeps the set small. */
  readonly #loose = new Set<ReservationOperation>();
  readonly #all: ReservationOperation[] = [];
  readonly #guarded = new Set<GuardedCommand>();

  constructor(unit: number) {
    this.#unit = unit;
    this.#add({ state: NOTHING_RESERVED, done: new Map() });
  }

  begin(
    nexus: NexusName,
    isDirect: boolean,
    request: ReservationRequest,
    start: number,
  ): ReservationOperation {
    const others = [...this.#open, ...this.#loose];
    const alone = !others.some((other) => takesAway(other.request));
    if (takesAway(request)) for (const other of this.#open) other.alone = false;
    const underWay = request.action === 'preemptAndAbort' && alone ? this.#victims(request.victimKey) : [];
    this.#count += 1;
    const unknown = { end: NEVER, replaced: false, unanswered: false };
    const operation = { id: this.#count, nexus, isDirect, request, start, ...unknown, alone, underWay };
    this.#all.push(operation);
    this.#open.add(operation);
    this.#close();
    return operation;
  }

  answered(operation: ReservationOperation, answer: ReservationAnswer, now: number): void {
    operation.end = answer === 'good' ? now : -1;
    const before = this.#possible;
    this.#settle(operation, ({ done }) => done.get(operation) === answer);
    if (this.#known && this.#possible.size === 0) {
      const states = [...before.values()].map(({ state }) => stateText(state)).join(' | ');
      this.#fail(`${operation.request.action} of ${operation.nexus} answered ${answer}, out of ${states}`);
    }
    if (answer === 'good' && operation.alone && this.#known) this.#bar(operation, now);
  }

  /** It has not run. */
  refused(operation: ReservationOperation): void {
    operation.end = -1;
    this.#settle(operation, ({ done }) => !done.has(operation));
    if (this.#known && this.#possible.size === 0)
      this.#fail(`${operation.request.action} was refused, and has run`);
  }

  /** It has run, or never does. */
  aborted(operation: ReservationOperation, now: number): void {
    operation.end = now;
    this.#settle(operation, () => true);
  }

  lost(operation: ReservationOperation): void {
    operation.unanswered = true;
    this.#loose.add(operation);
    this.#settle(operation, () => true);
    this.#close();
  }

  /** A new session has taken the place of the one before. On the owner's own port nothing is left of that. */
  sessionReplaced(nexus: NexusName, now: number): void {
    for (const operation of this.#loose) {
      if (operation.nexus !== nexus) continue;
      operation.replaced = true;
      if (operation.isDirect) this.#forget(operation, now);
    }
  }

  ownerDied(now: number): void {
    for (const operation of this.#loose) {
      if (operation.isDirect || operation.replaced) this.#forget(operation, now);
    }
    const before = [...this.#possible.values()];
    this.#possible = new Map();
    for (const { state, done } of before) this.#add({ state: afterDeath(state), done });
    this.#close();
  }

  /** A command is sent. */
  guard(nexus: NexusName, isRead: boolean, isDirect: boolean, write: WriteRecord | null): GuardedCommand {
    const flags = { mayRun: false, mayFinish: false, mayConflict: false, wasAsked: false, outlived: false };
    const command = { nexus, isRead, isDirect, write, ...flags, barred: NEVER, aborted: false };
    this.#guarded.add(command);
    this.#look(command);
    return command;
  }

  /** The target asks for data, which are sent now. */
  sendsData(command: GuardedCommand): void {
    command.wasAsked = true;
    if (command.aborted) command.outlived = true;
    command.mayFinish = false;
    this.#look(command);
  }

  /** Null: it was aborted, or its session has ended and it changes nothing. */
  ended(command: GuardedCommand, status: number | null): void {
    this.#guarded.delete(command);
    const { nexus, write } = command;
    this.#applyBar(command);
    const what = `${command.isRead ? 'a read' : write === null ? 'a flush' : `version ${write.version}`} of ${nexus}`;
    if (status !== null && command.outlived) this.#fail(`${what} outlived PREEMPT AND ABORT`);
    if (!this.#known) return;
    if (status === Status.good && !command.mayFinish) this.#fail(`${what} ran against a reservation`);
    if (status === Status.reservationConflict && !command.mayConflict)
      this.#fail(`${what} conflicts with no reservation`);
  }

  /** At the end: what the writes that were never answered could still do. */
  finish(): void {
    for (const command of this.#guarded) this.#applyBar(command);
  }

  /** Whether another nexus has asked for one of these meanwhile. */
  wasAsked(
    by: (request: ReservationRequest) => boolean,
    except: NexusName,
    from: number,
    to: number,
  ): boolean {
    return this.#all.some(
      ({ request, nexus, start, end, unanswered }) =>
        by(request) && nexus !== except && start < to && (end > from || unanswered),
    );
  }

  #forget(operation: ReservationOperation, now: number): void {
    operation.end = now;
    this.#loose.delete(operation);
  }

  #applyBar({ write, barred }: GuardedCommand): void {
    if (write !== null) write.givenUp = Math.min(write.givenUp, barred);
  }

  #victims(key: string): GuardedCommand[] {
    if (!this.#known) return [];
    const states = [...this.#possible.values()];
    return [...this.#guarded].filter(
      ({ nexus, wasAsked, isDirect }) =>
        wasAsked && isDirect && states.every(({ state }) => state.registrants.get(nexus) === key),
    );
  }

  #bar(operation: ReservationOperation, now: number): void {
    for (const command of operation.underWay) command.aborted = true;
    const states = [...this.#possible.values()];
    for (const command of this.#guarded) {
      const { write, nexus } = command;
      if (write === null || command.barred < now) continue;
      if (states.every(({ state }) => standsAgainst(state, nexus, false))) command.barred = now;
    }
  }

  /** What a command may meet now. */
  #look(command: GuardedCommand): void {
    for (const { state } of this.#possible.values()) {
      if (standsAgainst(state, command.nexus, command.isRead)) command.mayConflict = true;
      else {
        command.mayRun = command.mayFinish = true;
        command.barred = NEVER;
      }
    }
    if (!this.#known) {
      command.mayRun = command.mayFinish = command.mayConflict = true;
      command.barred = NEVER;
    }
  }

  #settle(operation: ReservationOperation, isSo: (possible: Possible) => boolean): void {
    this.#open.delete(operation);
    const left = [...this.#possible.values()].filter(isSo);
    this.#possible = new Map();
    for (const { state, done } of left) {
      this.#add({ state, done: new Map([...done].filter(([other]) => other !== operation)) });
    }
  }

  /** Every order in which those that may have their effect do. */
  #close(): void {
    // What is added while it is gone through is gone through too.
    for (const { state, done } of this.#possible.values()) {
      for (const operation of this.#open) {
        if (done.has(operation)) continue;
        const { next, answer } = apply(state, operation.nexus, operation.request);
        this.#add({ state: next, done: new Map([...done, [operation, answer]]) });
      }
      for (const { nexus, request } of this.#loose) {
        this.#add({ state: apply(state, nexus, request).next, done });
      }
      if (this.#possible.size > MOST_STATES) {
        this.#known = false;
        this.#possible.clear();
      }
    }
    for (const command of this.#guarded) this.#look(command);
  }

  #add(possible: Possible): void {
    if (!this.#known) return;
    const done = [...possible.done].map(([{ id }, answer]) => `${id} ${answer}`).sort();
    const key = `${stateText(possible.state)} ${done.join()}`;
    if (!this.#possible.has(key)) this.#possible.set(key, possible);
  }

  #fail(what: string): never {
    throw new Violation('reservation', `unit ${this.#unit}: ${what}`);
  }
}
