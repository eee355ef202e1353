/**
 * A host that behaves as Linux with dm-multipath does: it keeps a session on every path, sends each operation down one of
 * them, and when that fails by a path's fault, by timeout or by the loss of the session, sends it again down another.
 */
import { Status } from '../../src/wire/scsi/status.ts';
import type { Attentions } from '../checkers/attentions.ts';
import { type History, NEVER, type WriteKind, type WriteRecord } from '../checkers/history.ts';
import type { GuardedCommand, Reservations } from '../checkers/reservations.ts';
import { BLOCK_LENGTH, versionAt } from '../checkers/stamps.ts';
import type { SimEvent } from '../world/event-queue.ts';
import type { SimProcess } from '../world/process.ts';
import { Violation, type World } from '../world/world.ts';
import type { ClientTraits } from './client-traits.ts';
import { commandDataOf } from './commands.ts';
import type { LostWrites } from './lost-writes.ts';
import type { Operation } from './operation.ts';
import type { Path, PathOwner } from './path.ts';
import type { CommandRequest, Outcome } from './sent-command.ts';

interface Attempt {
  readonly operation: Operation;
  readonly path: Path;
  readonly write: WriteRecord | null;
  readonly start: number;
  readonly guarded: GuardedCommand;
  ended: boolean;
  /** What comes of it when it takes too long. */
  timeout: SimEvent | null;
}

function nothing(): void {}

const SenseKey = { notReady: 2, unitAttention: 6, miscompare: 14 } as const;

export interface ClientOptions {
  readonly index: number;
  readonly traits: ClientTraits;
  /** By unit: the name of its owner, and its LUN. */
  readonly owners: readonly string[];
  readonly attentions: Attentions;
  /** By unit. */
  readonly reservations: readonly Reservations[];
  /** How many there are. */
  readonly clients: number;
}

export class Client implements PathOwner {
  readonly process: SimProcess;
  readonly options: ClientOptions;
  readonly paths: Path[] = [];
  readonly running = new Set<Operation>();
  retries = 0;
  /** By placeOf: the version that this client saw or wrote last. */
  readonly lastSeen = new Map<number, number>();
  readonly #world: World;
  readonly #history: History;
  readonly #lost: LostWrites;
  readonly #attentions: Attentions;
  readonly #waiting: Operation[] = [];
  readonly #attempts = new Set<Attempt>();
  #turn = 0;

  constructor(world: World, process: SimProcess, history: History, lost: LostWrites, options: ClientOptions) {
    this.#world = world;
    this.process = process;
    this.#history = history;
    this.#lost = lost;
    this.#attentions = options.attentions;
    this.options = options;
  }

  start(operation: Operation): void {
    this.running.add(operation);
    this.#send(operation);
  }

  pathWorks(): void {
    for (const operation of this.#waiting.splice(0)) this.#send(operation);
  }

  pathReinstated(path: Path): void {
    const { now } = this.#world;
    for (const reservations of this.options.reservations) reservations.sessionReplaced(path.nexus, now);
    for (const write of this.#lost.take(path)) {
      write.givenUp = Math.min(write.givenUp, now);
      // The owner itself has ended the session before, and what it had running (RFC 7143 6.3.5).
      if (path.options.system === this.options.owners[write.unit]) write.end = Math.min(write.end, now);
    }
  }

  /** Its process is dying: nobody will learn how its writes ended. */
  die(): void {
    for (const { write, path } of this.#attempts) if (write !== null) this.#lost.add(path, write);
  }

  /** LOGICAL UNIT RESET down some path that works. */
  reset(unit: number): void {
    const path = this.#choose(unit);
    if (path === null) return;
    this.#say(`reset of unit ${unit} through ${path.options.system}`);
    const reset = this.#attentions.resetBegins(unit, this.#world.now);
    path.session?.resetUnit(unit, () => {
      reset.end = this.#world.now;
    });
  }

  #send(operation: Operation): void {
    const path = this.#choose(operation.unit);
    if (path === null) this.#waiting.push(operation);
    else this.#attempt(operation, path);
  }

  #choose(unit: number): Path | null {
    const { policy } = this.options.traits;
    const owner = this.options.owners[unit];
    const working = this.paths.filter((path) => path.works(unit));
    if (policy !== 'roundRobin') {
      const preferred = working.find(({ options }) => (options.system === owner) === (policy === 'priority'));
      return preferred ?? working[0] ?? null;
    }
    this.#turn += 1;
    return working[this.#turn % Math.max(1, working.length)] ?? null;
  }

  #attempt(operation: Operation, path: Path): void {
    const { kind, unit, blocks, writes } = operation;
    const start = this.#world.now;
    const write = writes === null ? null : this.#beginWrite(operation, writes);
    const reservations = this.#reservationsOf(unit);
    const guarded = reservations.guard(path.nexus, kind === 'read', path.isDirect(unit), write);
    const attempt: Attempt = { operation, path, write, start, guarded, ended: false, timeout: null };
    const request: CommandRequest = {
      lun: unit,
      ...commandDataOf(operation, write, this.#history),
      dataInLength: kind === 'read' ? blocks * BLOCK_LENGTH : 0,
      sendsData: () => reservations.sendsData(guarded),
      ended: (outcome) => this.#ended(attempt, outcome),
    };
    this.#attempts.add(attempt);
    this.#say(`${this.#name(attempt)} begins`);
    path.session?.command(request);
    this.#watch(attempt, request);
  }

  #beginWrite({ unit, lba, blocks, fua, expected }: Operation, kind: WriteKind): WriteRecord {
    const { index: writer } = this.options;
    return this.#history.beginWrite({
      kind,
      unit,
      lba,
      blocks,
      fua,
      writer,
      expected,
      start: this.#world.now,
    });
  }

  /** ABORT TASK after a while, and if that is not answered either, the end of the session. */
  #watch(attempt: Attempt, request: CommandRequest): void {
    const { commandTimeout, abortTimeout } = this.options.traits;
    const { session } = attempt.path;
    attempt.timeout = this.#timer(commandTimeout, () => {
      if (attempt.ended || session === null) return;
      this.#say(`${this.#name(attempt)} takes too long: abort`);
      session.abort(request, () => {});
      this.#timer(abortTimeout, () => {
        if (!attempt.ended) session.drop();
      });
    });
  }

  #ended(attempt: Attempt, outcome: Outcome): void {
    attempt.ended = true;
    this.#attempts.delete(attempt);
    // It would hold the attempt's data in memory for seconds of simulated time.
    if (attempt.timeout !== null) attempt.timeout.run = nothing;
    const { write, path, operation, guarded } = attempt;
    const reservations = this.#reservationsOf(operation.unit);
    this.#world.trace.mix(outcome.kind === 'status' ? outcome.status : -outcome.kind.length);
    this.#say(`${this.#name(attempt)} ends: ${textOf(outcome)}`);
    this.#checkPromptness(attempt);
    if (outcome.kind === 'lost') {
      if (write !== null) this.#leaveOpen(write, path, operation);
      else reservations.ended(guarded, null);
      return this.#again(operation);
    }
    if (write !== null) write.end = this.#world.now;
    reservations.ended(guarded, outcome.kind === 'status' ? outcome.status : null);
    if (outcome.kind === 'aborted') return this.#again(operation);
    if (outcome.status === Status.reservationConflict) return this.#conflicted(attempt);
    if (outcome.status === Status.good) return this.#succeed(attempt, outcome.dataIn);
    if (write !== null && outcome.sense?.key === SenseKey.miscompare) {
      write.neverRan = write.miscompared = true;
      return this.#finish(operation, null);
    }
    this.#refused(attempt, outcome.status, outcome.sense);
  }

  /** It has ended, and perhaps not run: of a long write, blocks may have been written before the reservation came. */
  #conflicted({ operation, write, guarded }: Attempt): void {
    if (write !== null) write.neverRan = write.blocks === 1 || !guarded.mayRun;
    // Attempts that are open may still be let in, where they came from another path: they are not given up.
    this.running.delete(operation);
    operation.done(null);
  }

  #reservationsOf(unit: number): Reservations {
    const reservations = this.options.reservations[unit];
    if (reservations === undefined) throw new Error(`no unit ${unit}`);
    return reservations;
  }

  #checkPromptness(attempt: Attempt): void {
    const { answerWithin } = this.options.traits;
    const took = this.#world.now - attempt.start;
    if (answerWithin === null || took <= answerWithin) return;
    throw new Violation('slow', `${this.process.name}: ${this.#name(attempt)} took ${took.toFixed(0)} ms`);
  }

  #refused(
    { operation, path, write }: Attempt,
    status: number,
    sense: { readonly key: number; readonly asc: number } | null,
  ): void {
    const retry =
      status === Status.busy || status === Status.taskSetFull || sense?.key === SenseKey.unitAttention;
    if (sense?.key === SenseKey.notReady) path.failed(operation.unit);
    if (retry || sense?.key === SenseKey.notReady) {
      if (write !== null) write.neverRan = true;
      return this.#again(operation);
    }
    this.#finish(operation, `status ${status} sense ${sense?.key}/${sense?.asc}`);
  }

  #succeed({ operation, write, start }: Attempt, dataIn: Uint8Array): void {
    const { unit, lba, blocks } = operation;
    const { now } = this.#world;
    if (write !== null) {
      write.acknowledged = true;
      for (let block = lba; block < lba + blocks; block += 1) {
        this.lastSeen.set(placeOf(unit, block), write.kind === 'zeroes' ? 0 : write.version);
      }
    }
    if (operation.kind === 'flush') this.#history.unit(unit).flushes.push({ start, end: now });
    if (operation.kind === 'read') {
      for (let block = 0; block < blocks; block += 1) {
        const version = versionAt(dataIn, block * BLOCK_LENGTH, unit, lba + block);
        this.#history.read(unit, lba + block, version, start, now);
        this.lastSeen.set(placeOf(unit, lba + block), version);
      }
    }
    this.#finish(operation, null);
  }

  #finish(operation: Operation, error: string | null): void {
    // What was sent for it before and never answered is given up for good.
    for (const write of operation.open) write.givenUp = Math.min(write.givenUp, this.#world.now);
    this.running.delete(operation);
    operation.done(error);
  }

  #leaveOpen(write: WriteRecord, path: Path, operation: Operation): void {
    write.end = NEVER;
    operation.open.push(write);
    this.#lost.add(path, write);
  }

  #again(operation: Operation): void {
    this.retries += 1;
    this.#timer(this.#world.prng.between(0, 5), () => this.#send(operation));
  }

  #name({ operation, path, write }: Attempt): string {
    const { kind, unit, lba, blocks } = operation;
    const version = write === null ? '' : ` version ${write.version}`;
    return `${kind} unit ${unit} [${lba}, ${lba + blocks})${version} through ${path.options.system}`;
  }

  #say(what: string): void {
    if (this.#world.trace.printing) this.#world.say(this.process.name, what);
  }

  #timer(milliseconds: number, run: () => void): SimEvent {
    return this.#world.at(this.#world.now + milliseconds, this.process, run, true);
  }
}

/** A block, as a key. */
export function placeOf(unit: number, block: number): number {
  return unit * 0x1_0000 + block;
}

function textOf(outcome: Outcome): string {
  if (outcome.kind !== 'status') return outcome.kind;
  const { status, sense } = outcome;
  return sense === null ? `status ${status}` : `sense ${sense.key}/${sense.asc}/${sense.ascq}`;
}
