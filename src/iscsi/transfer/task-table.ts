/**
 * The commands of a session by initiator task tag, and what comes for them: SCSI Command and Data-Out PDUs (RFC 7143
 * 11.3, 11.7).
 */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import { IscsiLimits } from '../../limits.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import type { TaskRouter } from '../../scsi/task-router.ts';
import { decodeAdditionalHeaders } from '../../wire/iscsi/ahs.ts';
import {
  BHS_LENGTH,
  cmdSNOf,
  dataSegmentLength,
  initiatorTaskTag,
  isFinal,
  isImmediate,
  NO_TAG,
} from '../../wire/iscsi/bhs.ts';
import { bufferOffsetOf, dataSNOf, targetTransferTagOf } from '../../wire/iscsi/data-out.ts';
import { RejectReason } from '../../wire/iscsi/reject.ts';
import { flagsOf, WRITE } from '../../wire/iscsi/scsi-command.ts';
import type { Connection } from '../connection/connection.ts';
import type { Parameters } from '../login/parameters.ts';
import type { Numbering, Placing } from '../session/numbering.ts';
import { commandMistake, isBidirectional } from './command-header.ts';
import { discardBuffer } from './discard.ts';
import type { PortCounters } from './port-counters.ts';
import { ReadCredit } from './read-credit.ts';
import { ScsiTask } from './scsi-task.ts';
import type { TaskHost } from './task-host.ts';

/** What the table needs of its session. */
export interface TableHost {
  readonly connection: Connection;
  readonly parameters: Parameters;
  readonly numbering: Numbering;
  /** Answers a PDU with Reject. */
  reject(reason: RejectReason, header: Uint8Array): void;
  /** Reject, and the end of the session. */
  fail(reason: RejectReason, header: Uint8Array, why: string): void;
  dropSession(why: string): void;
}

/** More than any session has at once: its window and the immediate commands. */
const KEPT = IscsiLimits.commandWindow + IscsiLimits.immediateCommands;

export class TaskTable implements TaskHost {
  readonly nexus: Nexus;
  readonly router: TaskRouter;
  readonly pool: BufferPool;
  readonly counters: PortCounters;
  readonly credit = new ReadCredit();
  readonly connection: Connection;
  readonly parameters: Parameters;
  readonly numbering: Numbering;
  readonly #host: TableHost;
  readonly #tasks = new Map<number, ScsiTask>();
  readonly #free: ScsiTask[] = [];
  /** Tags of ended commands for which the initiator may still send data. */
  readonly #abandoned = new Set<number>();
  /** Whose data the current PDU carries. */
  #receiver: ScsiTask | null = null;
  #transferTag = 0;
  #immediate = 0;
  #draining = false;

  constructor(host: TableHost, nexus: Nexus, router: TaskRouter, pool: BufferPool, counters: PortCounters) {
    this.#host = host;
    this.nexus = nexus;
    this.router = router;
    this.pool = pool;
    this.counters = counters;
    this.connection = host.connection;
    this.parameters = host.parameters;
    this.numbering = host.numbering;
  }

  get size(): number {
    return this.#tasks.size;
  }

  get(tag: number): ScsiTask | null {
    return this.#tasks.get(tag) ?? null;
  }

  /** Once every `lookMilliseconds`: what has been waited for too long, or null. */
  look(): string | null {
    for (const task of this.#tasks.values()) {
      const why = task.look();
      if (why !== null) return why;
    }
    return null;
  }

  /** New commands are ignored from now on, as if they had not come. */
  drain(): void {
    this.#draining = true;
  }

  /** A SCSI Command: where its immediate data goes. */
  beginCommand(header: Uint8Array, length: number): Uint8Array | null {
    const tag = initiatorTaskTag(header);
    const mistake = commandMistake(header, tag, length, this.parameters);
    if (mistake !== null) return this.#fail(RejectReason.invalidPduField, header, mistake);
    if (this.#tasks.has(tag)) return this.#fail(RejectReason.taskInProgress, header, 'a task tag in use');
    const extended = header.length > BHS_LENGTH ? decodeAdditionalHeaders(header.subarray(BHS_LENGTH)) : null;
    if (header.length > BHS_LENGTH && extended === null) {
      return this.#fail(RejectReason.invalidPduField, header, 'malformed additional header segments');
    }
    const placing = this.#place(header);
    if (placing === 'ignore') return this.#ignore(header, tag, length);
    if (extended?.bidirectional || isBidirectional(header)) return this.#refuse(header, tag, length);
    const task = this.#free.pop() ?? new ScsiTask(this);
    task.start(header, extended?.extendedCdb ?? null, length);
    return this.#admit(task, placing, length);
  }

  #place(header: Uint8Array): Placing {
    if (this.#draining) return 'ignore';
    if (!isImmediate(header)) return this.numbering.place(cmdSNOf(header));
    if (this.#immediate < IscsiLimits.immediateCommands) return 'now';
    this.#host.reject(RejectReason.tooManyImmediateCommands, header);
    return 'ignore';
  }

  #admit(task: ScsiTask, placing: Placing, length: number): Uint8Array | null {
    this.#tasks.set(task.tag, task);
    this.#abandoned.delete(task.tag);
    if (task.immediate) this.#immediate += 1;
    // The task is asked for room before its end could make it another command.
    this.#receiver = length > 0 ? task : null;
    if (length > 0) task.expectData();
    if (placing === 'later') {
      task.becomeHeld();
      this.numbering.hold(task.cmdSN, task);
    } else {
      task.becomeRunning();
      this.numbering.deliverEarly();
    }
    return length > 0 ? task.dataOutBuffer(length) : null;
  }

  /** Data may follow, which is nobody's mistake. */
  #ignore(header: Uint8Array, tag: number, length: number): Uint8Array | null {
    if ((flagsOf(header) & WRITE) !== 0 && !isFinal(header)) this.#abandon(tag);
    return discardBuffer(length);
  }

  /** Bidirectional commands: no unit here has one. The command has had its turn. */
  #refuse(header: Uint8Array, tag: number, length: number): Uint8Array | null {
    if (!isImmediate(header)) this.numbering.answered();
    this.#host.reject(RejectReason.commandNotSupported, header);
    return this.#ignore(header, tag, length);
  }

  #fail(reason: RejectReason, header: Uint8Array, why: string): null {
    this.#host.fail(reason, header, why);
    return null;
  }

  /** The whole SCSI Command PDU is here. */
  endCommand(header: Uint8Array): void {
    const task = this.#receiver;
    this.#receiver = null;
    task?.immediateArrived(dataSegmentLength(header));
  }

  /** A Data-Out: where its data goes. */
  beginDataOut(header: Uint8Array, length: number): Uint8Array | null {
    const tag = initiatorTaskTag(header);
    const task = this.#tasks.get(tag);
    if (task === undefined) {
      if (this.#abandoned.has(tag)) return discardBuffer(length);
      return this.#fail(RejectReason.invalidPduField, header, 'data for an unknown task');
    }
    const mistake = task.dataOut.mistake(
      targetTransferTagOf(header),
      dataSNOf(header),
      bufferOffsetOf(header),
      length,
      isFinal(header),
    );
    if (mistake !== null) return this.#fail(RejectReason.invalidPduField, header, `data with ${mistake}`);
    this.#receiver = task;
    task.expectData();
    return length > 0 ? task.dataOutBuffer(length) : null;
  }

  endDataOut(header: Uint8Array): void {
    const task = this.#receiver;
    this.#receiver = null;
    task?.dataOutArrived(dataSegmentLength(header), isFinal(header));
  }

  nextTransferTag(): number {
    this.#transferTag = this.#transferTag + 1 === NO_TAG ? 0 : this.#transferTag + 1;
    return this.#transferTag;
  }

  removed(task: ScsiTask, dataDue: boolean): void {
    this.#tasks.delete(task.tag);
    if (task.immediate) this.#immediate -= 1;
    if (dataDue) this.#abandon(task.tag);
  }

  #abandon(tag: number): void {
    this.#abandoned.add(tag);
    if (this.#abandoned.size <= IscsiLimits.abandonedTransfers) return;
    for (const oldest of this.#abandoned) {
      this.#abandoned.delete(oldest);
      break;
    }
  }

  reusable(task: ScsiTask): void {
    if (this.#free.length < KEPT) this.#free.push(task);
  }

  dropSession(why: string): void {
    this.#host.dropSession(why);
  }

  /** After a function that cleared the unit's tasks, or those of all (null): the ones that only waited for data to be answered. */
  abandonAnswered(lun: number | null): void {
    for (const task of [...this.#tasks.values()]) {
      if (task.hasResult && (lun === null || task.lun === lun)) task.abandon();
    }
  }

  /** The data of the PDU that is on its way goes into a unit's buffer. */
  get receiving(): boolean {
    return this.#receiver !== null;
  }

  /** The data of the current PDU is not to be used, and its buffer no longer filled. */
  dataLost(): void {
    this.#receiver?.dataLost();
    this.#receiver = null;
  }

  /** The session is over, and nothing comes any more. */
  close(): void {
    this.dataLost();
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    for (const task of tasks) task.sessionOver();
  }
}
