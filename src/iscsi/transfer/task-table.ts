/**
 * The commands of a session by initiator task tag, and what comes for them: SCSI Command and Data-Out PDUs (RFC 7143
 * 11.3, 11.7).
 */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Stages } from '../../latency/stages.ts';
import { IscsiLimits } from '../../limits.ts';
import { TaskManagementFunction } from '../../scsi/logical-unit.ts';
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
import type { Numbering, Placing } from '../session/numbering.ts';
import { commandMistake, isBidirectional } from './command-header.ts';
import { discardBuffer } from './discard.ts';
import type { PortCounters } from './port-counters.ts';
import { ReadCredit } from './read-credit.ts';
import { ScsiTask } from './scsi-task.ts';
import { TagTable } from './tag-table.ts';
import type { CommandPath, TaskHost } from './task-host.ts';

/** What the table needs of its session. */
export interface TableHost {
  readonly numbering: Numbering;
  dropSession(why: string): void;
}

/** What the commands of a session share with others. */
export type TableParts = Pick<TaskHost, 'router' | 'pool' | 'counters' | 'stages'>;

/**
 * The most that any session has at once: its window, which moves on by one when a command has left that counts in it, and the immediate
 * commands.
 */
const MOST = IscsiLimits.commandWindow + IscsiLimits.immediateCommands;

export class TaskTable implements TaskHost {
  readonly nexus: Nexus;
  readonly router: TaskRouter;
  readonly pool: BufferPool;
  readonly counters: PortCounters;
  readonly stages: Stages;
  readonly credit = new ReadCredit();
  readonly numbering: Numbering;
  readonly #host: TableHost;
  readonly #tasks = new TagTable<ScsiTask>(MOST);
  readonly #free: ScsiTask[] = [];
  /** Tags of ended commands for which the initiator may still send data. */
  readonly #abandoned = new Set<number>();
  #transferTag = 0;
  #immediate = 0;
  #draining = false;

  constructor(host: TableHost, nexus: Nexus, parts: TableParts) {
    this.#host = host;
    this.nexus = nexus;
    this.router = parts.router;
    this.pool = parts.pool;
    this.counters = parts.counters;
    this.stages = parts.stages;
    this.numbering = host.numbering;
  }

  get size(): number {
    return this.#tasks.size;
  }

  get(tag: number): ScsiTask | null {
    return this.#tasks.get(tag);
  }

  /** Once every `lookMilliseconds`: what has been waited for too long, or null. */
  look(): string | null {
    for (const task of this.#tasks.values()) {
      const why = task.path.isLost ? null : task.look();
      if (why !== null) return why;
    }
    return null;
  }

  /** New commands are ignored from now on, as if they had not come. */
  drain(): void {
    this.#draining = true;
  }

  /** A SCSI Command: where its immediate data goes. */
  beginCommand(path: CommandPath, header: Uint8Array, length: number): Uint8Array | null {
    const tag = initiatorTaskTag(header);
    const mistake = commandMistake(header, tag, length, path.parameters);
    if (mistake !== null) return fail(path, RejectReason.invalidPduField, header, mistake);
    if (this.#tasks.has(tag)) {
      if (this.#isRetry(header)) return this.#ignore(header, tag, length);
      return fail(path, RejectReason.taskInProgress, header, 'a task tag in use');
    }
    const extended = header.length > BHS_LENGTH ? decodeAdditionalHeaders(header.subarray(BHS_LENGTH)) : null;
    if (header.length > BHS_LENGTH && extended === null) {
      return fail(path, RejectReason.invalidPduField, header, 'malformed additional header segments');
    }
    const placing = this.#place(path, header);
    if (placing === 'ignore') return this.#ignore(header, tag, length);
    if (extended?.bidirectional || isBidirectional(header)) return this.#refuse(path, header, tag, length);
    const task = this.#free.pop() ?? new ScsiTask(this, path);
    task.start(path, header, extended?.extendedCdb ?? null, length);
    return this.#admit(task, placing, length);
  }

  /** Sent again because its initiator can't know that it has come (7.2.1). */
  #isRetry(header: Uint8Array): boolean {
    return !isImmediate(header) && this.numbering.isKnown(cmdSNOf(header));
  }

  #place(path: CommandPath, header: Uint8Array): Placing {
    if (this.#draining) return 'ignore';
    if (!isImmediate(header)) return this.numbering.place(cmdSNOf(header));
    if (this.#immediate < IscsiLimits.immediateCommands) return 'now';
    path.reject(RejectReason.tooManyImmediateCommands, header);
    return 'ignore';
  }

  #admit(task: ScsiTask, placing: Placing, length: number): Uint8Array | null {
    this.#tasks.add(task);
    this.#abandoned.delete(task.tag);
    if (task.immediate) this.#immediate += 1;
    // The task is asked for room before its end could make it another command.
    task.path.receiver = length > 0 ? task : null;
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
    if ((flagsOf(header) & WRITE) !== 0 && !isFinal(header) && !this.#tasks.has(tag)) this.#abandon(tag);
    return discardBuffer(length);
  }

  /** Bidirectional commands: no unit here has one. The command has had its turn. */
  #refuse(path: CommandPath, header: Uint8Array, tag: number, length: number): Uint8Array | null {
    if (!isImmediate(header)) this.numbering.answered();
    path.reject(RejectReason.commandNotSupported, header);
    return this.#ignore(header, tag, length);
  }

  /** The whole SCSI Command PDU is here. */
  endCommand(path: CommandPath, header: Uint8Array): void {
    const task = path.receiver;
    path.receiver = null;
    task?.immediateArrived(dataSegmentLength(header));
  }

  /** A Data-Out: where its data goes. */
  beginDataOut(path: CommandPath, header: Uint8Array, length: number): Uint8Array | null {
    const tag = initiatorTaskTag(header);
    const task = this.#tasks.get(tag);
    if (task === null) {
      if (this.#abandoned.has(tag)) return discardBuffer(length);
      return fail(path, RejectReason.invalidPduField, header, 'data for an unknown task');
    }
    const mistake = dataOutMistake(task, path, header, length);
    if (mistake !== null) return fail(path, RejectReason.invalidPduField, header, `data with ${mistake}`);
    path.receiver = task;
    task.expectData();
    return length > 0 ? task.dataOutBuffer(length) : null;
  }

  endDataOut(path: CommandPath, header: Uint8Array): void {
    const task = path.receiver;
    path.receiver = null;
    task?.dataOutArrived(dataSegmentLength(header), isFinal(header));
  }

  /** The whole Data-Out is here, and its data is wrong. */
  wrongDataOut(path: CommandPath, header: Uint8Array): void {
    const task = path.receiver;
    path.receiver = null;
    task?.dataOutWrong(dataSegmentLength(header), isFinal(header));
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
    if (this.#free.length < MOST) this.#free.push(task);
  }

  dropSession(why: string): void {
    this.#host.dropSession(why);
  }

  /** After a function that cleared the unit's tasks, or those of all (null): the ones that only waited for data to be answered. */
  abandonAnswered(lun: number | null): void {
    for (const task of this.#tasks.values()) {
      if (task.hasResult && (lun === null || task.lun === lun)) task.abandon();
    }
  }

  /** The commands that came by the connection and wait for their turn have not come (11.14). */
  abandonHeld(path: CommandPath): void {
    this.numbering.forget(path);
    for (const task of this.#tasks.values()) if (task.path === path && task.isHeld) task.abandon();
  }

  /** A connection is gone: calls `then` when the units have let go of the commands that came by it, which are not answered. */
  abortAll(path: CommandPath, then: () => void): void {
    let left = 1;
    const gone = () => {
      left -= 1;
      if (left === 0) then();
    };
    // The youngest first: none is to run because one before it has gone.
    for (const task of this.#tasks.values().reverse()) {
      if (task.path !== path) continue;
      if (task.isHeld || task.hasResult) {
        task.abandon();
        continue;
      }
      left += 1;
      this.router.manage(this.nexus, task.lun, TaskManagementFunction.abortTask, task.tag, (response) => {
        if (response === 'unknown' || response === 'rejected')
          this.dropSession('a command can not be aborted');
        gone();
      });
    }
    gone();
  }

  /** The session is over, and nothing comes any more. */
  close(): void {
    const tasks = this.#tasks.values();
    this.#tasks.clear();
    for (const task of tasks) task.sessionOver();
  }
}

function fail(path: CommandPath, reason: RejectReason, header: Uint8Array, why: string): null {
  path.fail(reason, header, why);
  return null;
}

function dataOutMistake(
  task: ScsiTask,
  path: CommandPath,
  header: Uint8Array,
  length: number,
): string | null {
  if (task.path !== path) return 'another connection than its command';
  return task.dataOut.mistake(
    targetTransferTagOf(header),
    dataSNOf(header),
    bufferOffsetOf(header),
    length,
    isFinal(header),
  );
}
