/** What makes the task of each command that a local unit runs: by name here, by place in the command table for the unit. */
import assert from 'node:assert/strict';
import { u8, u16, u32 } from '../../wire/scsi/bytes.ts';
import { type CommandSpec, type CopyCommandName, commands, type OwnerCommandName } from '../command-table.ts';
import type { Command } from '../logical-unit.ts';
import { AdmissionTask, WriteUsingTokenAdmission } from './commands/admission.ts';
import {
  PreFetchTask,
  StartStopUnitTask,
  SynchronizeCacheTask,
  TestUnitReadyTask,
} from './commands/cache.ts';
import { CompareAndWriteTask } from './commands/compare-and-write.ts';
import { GetLbaStatusTask } from './commands/get-lba-status.ts';
import {
  reportIdentifyingInformation,
  SetIdentifyingInformationTask,
} from './commands/identifying-information.ts';
import { LogSenseTask } from './commands/log-sense.ts';
import { ModeSelectTask } from './commands/mode-select.ts';
import { modeSense } from './commands/mode-sense.ts';
import {
  PersistentReserveInTask,
  readFullStatus,
  readKeys,
  readReservation,
  reportCapabilities,
} from './commands/persistent-reserve-in.ts';
import { PersistentReserveOutTask } from './commands/persistent-reserve-out.ts';
import { PopulateTokenTask, RodTokenInformationTask } from './commands/populate-token.ts';
import { ReadTask } from './commands/read.ts';
import { RequestSenseTask } from './commands/request-sense.ts';
import { ReleaseTask, ReserveTask } from './commands/reserve.ts';
import {
  reportSupportedOperationCodes,
  reportSupportedTaskManagementFunctions,
} from './commands/supported-operations.ts';
import { readCapacity10, readCapacity16, readDefectData, reportTimestamp } from './commands/unit-data.ts';
import { UnmapTask } from './commands/unmap.ts';
import { verifyTask } from './commands/verify.ts';
import { OrWriteTask, WriteAndVerifyTask, WriteTask } from './commands/write.ts';
import { WriteSameTask } from './commands/write-same.ts';
import { type Reply, ReplyTask } from './reply-task.ts';
import type { TaskUnit } from './task-unit.ts';
import type { UnitTask } from './unit-task.ts';

type Handler = (unit: TaskUnit, command: Command, spec: CommandSpec) => UnitTask;
type AllocationLength = (cdb: Uint8Array) => number;

function task(Kind: new (unit: TaskUnit, command: Command, spec: CommandSpec) => UnitTask): Handler {
  return (unit, command, spec) => new Kind(unit, command, spec);
}

function reply(make: Reply, allocationLength: AllocationLength): Handler {
  return (unit, command, spec) => new ReplyTask(unit, command, spec, make, allocationLength(command.cdb));
}

function reserveIn(make: Reply): Handler {
  return (unit, command, spec) => new PersistentReserveInTask(unit, command, spec, make, u16(command.cdb, 7));
}

const byteAt =
  (at: number): AllocationLength =>
  (cdb) =>
    u8(cdb, at);
const shortAt =
  (at: number): AllocationLength =>
  (cdb) =>
    u16(cdb, at);
const wordAt =
  (at: number): AllocationLength =>
  (cdb) =>
    u32(cdb, at);
const all: AllocationLength = () => Number.POSITIVE_INFINITY;

const byName: Record<OwnerCommandName | CopyCommandName, Handler> = {
  testUnitReady: task(TestUnitReadyTask),
  requestSense: task(RequestSenseTask),
  startStopUnit: task(StartStopUnitTask),
  read6: task(ReadTask),
  read10: task(ReadTask),
  read12: task(ReadTask),
  read16: task(ReadTask),
  write6: task(WriteTask),
  write10: task(WriteTask),
  write12: task(WriteTask),
  write16: task(WriteTask),
  writeAndVerify10: task(WriteAndVerifyTask),
  writeAndVerify12: task(WriteAndVerifyTask),
  writeAndVerify16: task(WriteAndVerifyTask),
  verify10: verifyTask,
  verify12: verifyTask,
  verify16: verifyTask,
  compareAndWrite: task(CompareAndWriteTask),
  orWrite16: task(OrWriteTask),
  writeSame10: task(WriteSameTask),
  writeSame16: task(WriteSameTask),
  unmap: task(UnmapTask),
  getLbaStatus: task(GetLbaStatusTask),
  synchronizeCache10: task(SynchronizeCacheTask),
  synchronizeCache16: task(SynchronizeCacheTask),
  preFetch10: task(PreFetchTask),
  preFetch16: task(PreFetchTask),
  reserve6: task(ReserveTask),
  reserve10: task(ReserveTask),
  release6: task(ReleaseTask),
  release10: task(ReleaseTask),
  readKeys: reserveIn(readKeys),
  readReservation: reserveIn(readReservation),
  reportCapabilities: reserveIn(reportCapabilities),
  readFullStatus: reserveIn(readFullStatus),
  register: task(PersistentReserveOutTask),
  reserve: task(PersistentReserveOutTask),
  release: task(PersistentReserveOutTask),
  clear: task(PersistentReserveOutTask),
  preempt: task(PersistentReserveOutTask),
  preemptAndAbort: task(PersistentReserveOutTask),
  registerAndIgnoreExistingKey: task(PersistentReserveOutTask),
  registerAndMove: task(PersistentReserveOutTask),
  modeSelect6: task(ModeSelectTask),
  modeSelect10: task(ModeSelectTask),
  logSense: task(LogSenseTask),
  modeSense6: reply(modeSense, byteAt(4)),
  modeSense10: reply(modeSense, shortAt(7)),
  extendedCopyLid1: task(AdmissionTask),
  extendedCopyLid4: task(AdmissionTask),
  populateToken: task(PopulateTokenTask),
  writeUsingToken: task(WriteUsingTokenAdmission),
  copyOperationAbort: task(AdmissionTask),
  receiveCopyStatusLid1: task(AdmissionTask),
  receiveCopyOperatingParameters: task(AdmissionTask),
  receiveCopyFailureDetails: task(AdmissionTask),
  receiveCopyStatusLid4: task(AdmissionTask),
  receiveRodTokenInformation: task(RodTokenInformationTask),
  readCapacity10: reply(readCapacity10, all),
  readCapacity16: reply(readCapacity16, wordAt(10)),
  readDefectData10: reply(readDefectData, shortAt(7)),
  readDefectData12: reply(readDefectData, wordAt(6)),
  reportIdentifyingInformation: reply(reportIdentifyingInformation, wordAt(6)),
  setIdentifyingInformation: task(SetIdentifyingInformationTask),
  reportTimestamp: reply(reportTimestamp, wordAt(6)),
  reportSupportedOperationCodes: reply(reportSupportedOperationCodes, wordAt(6)),
  reportSupportedTaskManagementFunctions: reply(reportSupportedTaskManagementFunctions, wordAt(6)),
};

/** By CommandSpec.index; undefined for the commands that a router answers. */
export const handlers: readonly (Handler | undefined)[] = commands.map((spec) =>
  new Map<string, Handler>(Object.entries(byName)).get(spec.name),
);

/** The task of a command, which has begun: one that is spare, or a new one. */
export function taskOf(unit: TaskUnit, command: Command, spec: CommandSpec): UnitTask {
  const found = unit.spares.take(spec) ?? handlers[spec.index]?.(unit, command, spec);
  if (found === undefined) assert.fail(`no handler for ${spec.name}`);
  found.begin(command);
  return found;
}
