import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import type { Stages } from '../../latency/stages.ts';
import type { CommandResult } from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import type { TaskRouter } from '../../scsi/task-router.ts';
import type { RejectReason } from '../../wire/iscsi/reject.ts';
import type { Numbering } from '../session/numbering.ts';
import type { AnswerPath } from './answers.ts';
import type { PortCounters } from './port-counters.ts';
import type { ReadCredit } from './read-credit.ts';
import type { ScsiTask } from './scsi-task.ts';

/** A connection of a session, as its commands see it. */
export interface CommandPath extends AnswerPath {
  /** Whether the status of a command may go with its last data (11.4.3). */
  readonly collapsesStatus: boolean;
  /**
   * Sends data of a command in PDUs from number `dataSN` on, with its status where `result` is given. `last`: no data follows. Gives the
   * number of PDUs. `afterDataIn` has to follow.
   */
  sendDataIn(
    task: ScsiTask,
    dataSN: number,
    offset: number,
    data: Lease,
    result: CommandResult | null,
    last: boolean,
  ): number;
  /** Releases `mark` when there is room for as much data again as was just sent for the command with this tag. */
  afterDataIn(tag: number, mark: Lease): void;
  /** Nobody wants the data of the command any more. */
  dataAbandoned(tag: number): void;
  /** It is gone, and its commands stay for another one to take them up. */
  readonly isLost: boolean;
  /** Whose data the PDU carries that is coming. */
  receiver: ScsiTask | null;
  /** Answers a PDU with Reject. */
  reject(reason: RejectReason, header: Uint8Array): void;
  /** Reject, and the end of the session. */
  fail(reason: RejectReason, header: Uint8Array, why: string): void;
}

/** What a task needs of the session's task table. */
export interface TaskHost {
  readonly nexus: Nexus;
  readonly router: TaskRouter;
  readonly pool: BufferPool;
  readonly numbering: Numbering;
  readonly credit: ReadCredit;
  readonly counters: PortCounters;
  readonly stages: Stages;
  nextTransferTag(): number;
  /** The task is in the table no more. `dataDue`: data may still come for its tag. */
  removed(task: ScsiTask, dataDue: boolean): void;
  /** Nothing refers to the task any more. */
  reusable(task: ScsiTask): void;
  dropSession(why: string): void;
}
