/** Copies the segments of a plan, one after the other, each in pieces of which several are on their way at a time. */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Clock } from '../../env/clock.ts';
import { CopyLimits } from '../../limits.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import type { LogicalUnit, TaskManagementResponse } from '../logical-unit.ts';
import { Attempt, type AttemptHost, type AttemptOptions, type UnitFailure } from './attempt.ts';
import type { CopyNexus } from './copy-nexus.ts';
import type { CopyEnd, PlannedSegment } from './copy-plan.ts';
import { askOwner, PieceCopy, type PieceHost, type TokenSource } from './piece-copy.ts';
import type { PieceSlots } from './piece-slots.ts';
import { SegmentProgress } from './segment-progress.ts';

export interface OperationParts {
  readonly clock: Clock;
  readonly pool: BufferPool;
  readonly slots: PieceSlots;
}

/** What is copied: a plan that is there, or one that a token gives. */
export interface CopyWork {
  readonly token: TokenSource | null;
  readonly plan: readonly PlannedSegment[];
}

/** null: all was copied. */
export type CopyEnding = Sense | 'aborted' | null;

const TEST_UNIT_READY = new Uint8Array(16);

export class CopyOperation implements AttemptHost, PieceHost {
  readonly clock: Clock;
  readonly nexus: CopyNexus;
  /** Commands that units have completed; segments that were begun. */
  commands = 0;
  segmentsBegun = 0;
  readonly #parts: OperationParts;
  readonly pool: BufferPool;
  readonly token: TokenSource | null;
  #plan: readonly PlannedSegment[];
  #isOpen: boolean;
  readonly #ended: (how: CopyEnding) => void;
  readonly #deadline: number;
  readonly #attempts = new Set<Attempt>();
  /** Units that are known to answer, as this copy goes. */
  readonly #ready = new Set<LogicalUnit>();
  #pieces = 0;
  #current: SegmentProgress | null;
  /** Bytes of the segments before it. */
  #copiedBefore = 0;
  #failure: Sense | null = null;
  #isAborted = false;
  #isOver = false;
  #isPumping = false;
  #waitsForSlot = false;

  constructor(
    parts: OperationParts,
    nexus: CopyNexus,
    { token, plan }: CopyWork,
    ended: (how: CopyEnding) => void,
  ) {
    this.clock = parts.clock;
    this.nexus = nexus;
    this.#parts = parts;
    this.token = token;
    this.pool = parts.pool;
    this.#plan = plan;
    this.#isOpen = token === null;
    this.#ended = ended;
    this.#deadline = parts.clock.now() + CopyLimits.copyMilliseconds;
    this.#current = this.#next();
  }

  start(): void {
    this.#pump();
  }

  /** Written in the order of the segments. */
  get bytes(): number {
    return this.#copiedBefore + (this.#current?.copied ?? 0);
  }

  get isStopping(): boolean {
    return this.#isAborted || this.#failure !== null || this.clock.now() >= this.#deadline;
  }

  counted(): void {
    this.commands += 1;
  }

  /** `done` comes behind the end, but for 'rejected': then a unit does not let go, and the copy ends with what it says. */
  abort(done: (response: TaskManagementResponse) => void): void {
    this.#isAborted = true;
    let left = 1;
    let worst: TaskManagementResponse = 'complete';
    const one = (response: TaskManagementResponse): void => {
      if (response === 'unknown' || (response === 'rejected' && worst === 'complete')) worst = response;
      left -= 1;
      if (left > 0) return;
      if (worst !== 'complete' && !this.#isOver) this.#becomeCancelled();
      done(worst);
    };
    const running = [...this.#attempts];
    left += running.length;
    for (const attempt of running) attempt.abort(one);
    this.#pump();
    one('complete');
  }

  /** The copy ends with COPY ABORTED once its commands have gone. */
  cancel(): void {
    this.#becomeCancelled();
    for (const attempt of [...this.#attempts]) attempt.abort(() => {});
    this.#pump();
  }

  #becomeCancelled(): void {
    this.#isAborted = false;
    this.fail({ sense: sense.copyCleared(), forwarded: null }, null);
  }

  /** The nexus is lost. */
  lose(): void {
    this.#isAborted = true;
    for (const attempt of [...this.#attempts]) attempt.lose();
    this.#pump();
  }

  /** A loop, not recursion: units may answer at once. After so many pieces others have their turn. */
  #pump(): void {
    if (this.#isPumping || this.#isOver) return;
    this.#isPumping = true;
    let turns: number = CopyLimits.piecesPerCopy;
    while (turns > 0 && this.#step()) turns -= 1;
    this.#isPumping = false;
    if (turns === 0) this.clock.endOfTurn(() => this.#pump());
  }

  /** Does what can be done next; false where something has to happen first. */
  #step(): boolean {
    if (this.isStopping && !this.#isComplete) return this.#stop();
    if (this.token !== null && !this.#isOpen) return this.#open(this.token);
    const current = this.#current;
    if (current === null) return this.#end(null);
    if (current.isDone) {
      this.#copiedBefore += current.copied;
      this.#current = this.#next();
      return true;
    }
    if (!this.#isReady(current.segment)) return this.#makeReady(current.segment);
    if (this.#pieces >= current.piecesAtATime || !this.#takeSlot()) return false;
    const piece = current.begin();
    if (piece === null) {
      this.#parts.slots.giveBack();
      return false;
    }
    this.#pieces += 1;
    new PieceCopy(this, current, piece).start();
    return true;
  }

  /** Everything has been copied, whatever the time is. */
  get #isComplete(): boolean {
    if (this.#isAborted || this.#failure !== null || !this.#isOpen) return false;
    const isLast = this.segmentsBegun === this.#plan.length;
    return this.#current === null || (isLast && this.#current.isDone);
  }

  #next(): SegmentProgress | null {
    const segment = this.#plan[this.segmentsBegun];
    if (segment === undefined) return null;
    this.segmentsBegun += 1;
    return new SegmentProgress(segment);
  }

  #stop(): boolean {
    if (this.#attempts.size > 0) return false;
    if (this.#isAborted) return this.#end('aborted');
    if (this.#failure === null) this.fail({ sense: sense.copyTimedOut(), forwarded: null }, null);
    const information = this.#current?.hasWritten === true ? this.#current.residual : null;
    return this.#end(this.#failure === null ? null : { ...this.#failure, information });
  }

  #end(how: CopyEnding): false {
    this.#isOver = true;
    this.#ended(how);
    return false;
  }

  /** Asks what the token stands for. */
  #open(token: TokenSource): boolean {
    const { unit } = token;
    if (this.#attempts.size > 0) return false;
    if (!this.#ready.has(unit)) {
      this.#greet({ unit, lba: 0, pointer: null }, 'source');
      return true;
    }
    askOwner(this, token, (failure, answer) => {
      if (failure === null) this.#opened(token.plan(answer));
      else this.fail(failure, null);
      this.#pump();
    });
    return true;
  }

  #opened(plan: readonly PlannedSegment[] | Sense): void {
    if ('key' in plan) return this.fail({ sense: plan, forwarded: null }, null);
    this.#plan = plan;
    this.#isOpen = true;
    this.#current = this.#next();
  }

  #isReady({ source, destination }: PlannedSegment): boolean {
    return (source === null || this.#ready.has(source.unit)) && this.#ready.has(destination.unit);
  }

  /** What waits at a unit for the copy's nexus is taken before anything is read or written there. */
  #makeReady({ source, destination }: PlannedSegment): boolean {
    if (this.#attempts.size > 0) return false;
    if (source === null || this.#ready.has(source.unit)) this.#greet(destination, 'destination');
    else this.#greet(source, 'source');
    return true;
  }

  #greet(end: CopyEnd, by: 'source' | 'destination'): void {
    this.attempt({ unit: end.unit, by, cdb: TEST_UNIT_READY, isFirst: true }, (failure) => {
      if (failure === null) this.#ready.add(end.unit);
      else this.fail(failure, end);
      this.#pump();
    });
  }

  #takeSlot(): boolean {
    if (this.#waitsForSlot) return false;
    if (this.#parts.slots.take()) return true;
    this.#waitsForSlot = true;
    this.#parts.slots.wait(() => {
      this.#waitsForSlot = false;
      this.#pump();
    });
    return false;
  }

  pieceOver(): void {
    this.#pieces -= 1;
    this.#parts.slots.giveBack();
    this.#pump();
  }

  attempt(options: Omit<AttemptOptions, 'ended'>, ended: AttemptOptions['ended']): void {
    const attempt: Attempt = new Attempt(this, {
      ...options,
      ended: (failure, received) => {
        this.#attempts.delete(attempt);
        ended(failure, received);
      },
    });
    this.#attempts.add(attempt);
    attempt.start();
  }

  /** The first failure is the copy's. `end`: of the unit that has failed. */
  fail({ sense: reason, forwarded }: UnitFailure, end: CopyEnd | null): void {
    const segment = Math.max(0, this.segmentsBegun - 1);
    this.#failure ??= { ...reason, copy: { segment, pointer: end?.pointer ?? null, forwarded } };
  }
}
