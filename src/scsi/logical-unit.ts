/**
 * The interface between what brings commands (an iSCSI session, a link) and what runs them (a local unit, or a
 * proxied unit that forwards to the owner). Nothing in front of it knows where a command runs.
 *
 * Everything is called synchronously on the loop. A unit may call back into a Command before `execute` has
 * returned; the transport must be ready for that.
 */
import type { Lease } from '../buffers/buffer-pool.ts';
import type { Timing } from '../latency/timing.ts';
import type { Sense } from '../wire/scsi/sense.ts';
import type { Nexus } from './nexus.ts';
import type { UnitIdentity } from './unit-identity.ts';

/** Task attributes (SAM-5 8.3), as transports and links carry them. */
export const TaskAttribute = { simple: 0, ordered: 1, headOfQueue: 2, aca: 3 } as const;
export type TaskAttribute = (typeof TaskAttribute)[keyof typeof TaskAttribute];

/** How a command ended (SAM-5 5.3). It stays as it is until the transport lets go of the task. */
export interface CommandResult {
  /** wire/scsi/status.ts */
  readonly status: number;
  readonly sense: Sense | null;
  /**
   * RFC 7143's SPDTL: the bytes that the CDB and its parameters ask to transfer, 0 where none. The transport
   * works out the residual from it and from what the initiator expected (RFC 7143 11.4.5).
   */
  readonly presentedLength: number;
}

/**
 * One command, as its transport sees it: what to run, and where data and the result go. SAM-5 6.4 calls them
 * Receive Data-Out, Send Data-In, Send Command Complete. Every command ends exactly once: by
 * `sendDataIn` with `final`, `complete`, `aborted`, or `outcomeUnknown`.
 */
export interface Command {
  readonly nexus: Nexus;
  /** 16 bytes (shorter CDBs are padded with zeroes), or longer. Valid until the command has ended. */
  readonly cdb: Uint8Array;
  readonly taskAttribute: TaskAttribute;
  /** The transport's name for the task, unique within nexus and logical unit while it runs (initiator task tag). */
  readonly tag: number;
  /** Bytes that the initiator means to send (data-out) and to receive (data-in). The other one is 0. */
  readonly dataOutLength: number;
  readonly dataInLength: number;
  /** Data-out from the start that comes without being asked for, with the command or right behind it. */
  readonly unsolicitedLength: number;
  /** Bytes of data-in that the transport has room for now; more comes with `Task.grant`. */
  readonly dataInCredit: number;
  /** The most data-in that one `sendDataIn` may carry: the read set. */
  readonly readSetLength: number;
  /** Where what waits for something says so, if the command is timed. */
  readonly timing: Timing | null;

  /** Receive Data-Out: the transport may now fetch [offset, offset + length). At most once at a time. */
  receiveDataOut(offset: number, length: number): void;
  /**
   * Send Data-In, in order of offset, within credit and `dataInLength`. The lease is the transport's from here.
   * With `final` the command has ended, and nothing follows.
   */
  sendDataIn(offset: number, data: Lease, final: CommandResult | null): void;
  /** Send Command Complete. The command has ended, and nothing follows. */
  complete(result: CommandResult): void;
  /**
   * It is not known whether the command ran or will (the link died). The transport must drop the nexus without
   * answering. The command has ended.
   */
  outcomeUnknown(reason: string): void;
  /**
   * The task was aborted (task management, or its nexus was lost): the unit has let go of it, and no answer may
   * be sent. Comes once for every aborted command, in place of `complete`, and before the `done` of the task
   * management function that aborted it. The command has ended.
   */
  aborted(): void;
}

/**
 * A running command, as its unit sees it. After the command has ended or has been aborted, the calls are
 * harmless, with one rule: a buffer from `dataOutBuffer` stays valid until `dataOutArrived` or `dataOutLost`. That ends with `letGo`.
 */
export interface Task {
  /**
   * Where [offset, offset + length) of the data-out goes. The range is inside what was announced as unsolicited
   * or asked for with receiveDataOut, in order, without overlap: the transport has checked that.
   */
  dataOutBuffer(offset: number, length: number): Uint8Array;
  /** The last buffer has been filled. */
  dataOutArrived(): void;
  /** The last buffer will not be filled, or is wrong: its range comes again, or the command is aborted next. */
  dataOutLost(): void;
  /** The transport has room for that many more bytes of data-in. */
  grant(length: number): void;
  /**
   * The transport refers to the task no more, nor to a buffer or the result of it: the object may become another command's. At most once,
   * when the command has ended (perhaps before the call that has ended it has returned) or its nexus is about to be lost. A transport need
   * not say it: then the object is that command's for ever (docs/decisions/0016-reuse.md).
   */
  letGo(): void;
}

/** Task management functions (SAM-5 7), by the numbers of RFC 7143 11.5.1. */
export const TaskManagementFunction = {
  abortTask: 1,
  abortTaskSet: 2,
  clearAca: 3,
  clearTaskSet: 4,
  logicalUnitReset: 5,
} as const;
export type TaskManagementFunction = (typeof TaskManagementFunction)[keyof typeof TaskManagementFunction];

/** SAM-5 7.1's service responses; `unknown`: the owner's word could not be had, drop the nexus. */
export type TaskManagementResponse = 'complete' | 'taskDoesNotExist' | 'rejected' | 'unknown';

/** Why a nexus has gone: SAM-5 6.3.4. */
export type NexusLoss = 'logout' | 'connectionLost' | 'reinstated' | 'linkLost';

export interface LogicalUnit {
  readonly identity: UnitIdentity;
  /** True in the system that owns the unit: its commands run here. */
  readonly isLocal: boolean;
  /** D_SENSE of the control mode page: sense data of this unit goes to initiators in descriptor format. */
  readonly descriptorSense: boolean;
  execute(command: Command): Task;
  /**
   * `tag` is the referenced task for abortTask, else ignored. The tasks it aborts end with `aborted` (or with
   * status TASK ABORTED where the standard says so, on other nexuses); then `done` is called, once.
   */
  manage(
    nexus: Nexus,
    what: TaskManagementFunction,
    tag: number,
    done: (response: TaskManagementResponse) => void,
  ): void;
  /** The nexus is no more: its tasks end with `aborted`, at once or when the store has let go of
   * them; its state is dropped. */
  nexusLost(nexus: Nexus, why: NexusLoss): void;
  /** The unit attention to report next on this nexus, which is cleared by this call (SAM-5 5.14). */
  takeUnitAttention(nexus: Nexus): Sense | null;
  /** Puts a unit attention on every nexus through which this unit is reached here, or on all but one. */
  establishUnitAttention(sense: Sense, except: Nexus | null): void;
}
