/**
 * Every command that our logical units support: the specification. What a CDB may say, which way data goes, what it has to wait for and
 * where it runs. REPORT SUPPORTED OPERATION CODES is made from it, and every CDB is checked against it.
 */
import { u8 } from '../wire/scsi/bytes.ts';
import { OpCode, ServiceAction } from '../wire/scsi/opcodes.ts';
import { atCdbField, type Sense, sense } from '../wire/scsi/sense.ts';
import { ConflictClass } from './conflict-table.ts';
import { ReservationClass } from './reservation-table.ts';

/**
 * Where a command is answered: by the system where it arrives, by the unit's owner, or by the first where it knows the answer. The copy
 * manager is where it arrives, and runs a command that the owner has let through: for unit attentions, reservations and order it is one of
 * the unit's.
 */
export type RunsAt = 'here' | 'owner' | 'either' | 'copyManager';

export interface CommandSpec {
  /** The place in `commands`, for tables by command. */
  readonly index: number;
  readonly name: CommandName;
  readonly operationCode: number;
  /** Null for a command without service actions. */
  readonly serviceAction: number | null;
  /** CDB USAGE DATA (SPC-4 6.35.3): operation code, service action, and a 1 for every other bit that we evaluate. */
  readonly usage: Uint8Array;
  readonly direction: 'none' | 'in' | 'out';
  readonly conflict: ConflictClass;
  readonly runsAt: RunsAt;
  readonly reservation: ReservationClass;
}

type Row = readonly [
  operationCode: number,
  serviceAction: number | null,
  usage: string,
  direction: CommandSpec['direction'],
  conflict: ConflictClass,
  runsAt: RunsAt,
  reservation: ReservationClass,
];

const { none, read, write, flush, wholeUnit } = ConflictClass;
const { allowed, ready, reads, writes, stops, manages, reserves } = ReservationClass;
const { serviceActionIn16, maintenanceIn, maintenanceOut, persistentReserveIn, persistentReserveOut, thirdPartyCopyOut, thirdPartyCopyIn } = OpCode;
/** Of PERSISTENT RESERVE IN and OUT: scope and type are ignored where they have no meaning. */
const RESERVE_IN = '000000000000ffff00';
const RESERVE_OUT = '00ff0000ffffffff00';
/** Of REPORT and SET IDENTIFYING INFORMATION. */
const IDENTIFYING = '0000000000fffffffffe00';
/** Of THIRD-PARTY COPY OUT and IN. The operating parameters have no list identifier in SPC-4, but one in SPC-3. */
const EXTENDED_COPY = '000000000000000000ffffffff0000';
const TOKEN_OUT = '0000000000ffffffffffffffff1f00';
const RECEIVE_LID1 = '00ff00000000000000ffffffff0000';
const RECEIVE_LID4 = '00ffffffff00000000ffffffff0000';

/**
 * Usage is written without the operation code, and with 0 for the bits of the service action: from byte 1 on. NACA and other bits of
 * CONTROL are not supported. DPO, FUA_NV and GROUP NUMBER are accepted and change nothing.
 */
const rows = {
  testUnitReady: [OpCode.testUnitReady, null, '0000000000', 'none', none, 'owner', ready],
  requestSense: [OpCode.requestSense, null, '010000ff00', 'in', none, 'either', allowed],
  read6: [OpCode.read6, null, '1fffffff00', 'in', read, 'owner', reads],
  write6: [OpCode.write6, null, '1fffffff00', 'out', write, 'owner', writes],
  inquiry: [OpCode.inquiry, null, '01ffffff00', 'in', none, 'here', allowed],
  modeSelect6: [OpCode.modeSelect6, null, '110000ff00', 'out', wholeUnit, 'owner', writes],
  reserve6: [OpCode.reserve6, null, '0000000000', 'none', none, 'owner', reserves],
  release6: [OpCode.release6, null, '0000000000', 'none', none, 'owner', reserves],
  modeSense6: [OpCode.modeSense6, null, '08ffffff00', 'in', none, 'owner', reads],
  startStopUnit: [OpCode.startStopUnit, null, '01000f0700', 'none', wholeUnit, 'owner', stops],
  readCapacity10: [OpCode.readCapacity10, null, '000000000000000000', 'in', none, 'owner', allowed],
  read10: [OpCode.read10, null, '1affffffff1fffff00', 'in', read, 'owner', reads],
  write10: [OpCode.write10, null, '1affffffff1fffff00', 'out', write, 'owner', writes],
  writeAndVerify10: [OpCode.writeAndVerify10, null, '12ffffffff1fffff00', 'out', write, 'owner', writes],
  verify10: [OpCode.verify10, null, '16ffffffff1fffff00', 'out', read, 'owner', reads],
  preFetch10: [OpCode.preFetch10, null, '02ffffffff1fffff00', 'none', none, 'owner', reads],
  synchronizeCache10: [OpCode.synchronizeCache10, null, '06ffffffff1fffff00', 'none', flush, 'owner', writes],
  readDefectData10: [OpCode.readDefectData10, null, '001f00000000ffff00', 'in', none, 'owner', reads],
  writeSame10: [OpCode.writeSame10, null, '08ffffffff1fffff00', 'out', write, 'owner', writes],
  unmap: [OpCode.unmap, null, '00000000001fffff00', 'out', wholeUnit, 'owner', writes],
  logSense: [OpCode.logSense, null, '00ffff00ffffffff00', 'in', none, 'owner', reads],
  modeSelect10: [OpCode.modeSelect10, null, '110000000000ffff00', 'out', wholeUnit, 'owner', writes],
  reserve10: [OpCode.reserve10, null, '000000000000000000', 'none', none, 'owner', reserves],
  release10: [OpCode.release10, null, '000000000000000000', 'none', none, 'owner', reserves],
  modeSense10: [OpCode.modeSense10, null, '18ffff000000ffff00', 'in', none, 'owner', reads],
  readKeys: [persistentReserveIn, ServiceAction.readKeys, RESERVE_IN, 'in', none, 'owner', manages],
  readReservation: [persistentReserveIn, ServiceAction.readReservation, RESERVE_IN, 'in', none, 'owner', manages],
  reportCapabilities: [persistentReserveIn, ServiceAction.reportCapabilities, RESERVE_IN, 'in', none, 'owner', manages],
  readFullStatus: [persistentReserveIn, ServiceAction.readFullStatus, RESERVE_IN, 'in', none, 'owner', manages],
  register: [persistentReserveOut, ServiceAction.register, RESERVE_OUT, 'out', none, 'owner', manages],
  reserve: [persistentReserveOut, ServiceAction.reserve, RESERVE_OUT, 'out', none, 'owner', manages],
  release: [persistentReserveOut, ServiceAction.release, RESERVE_OUT, 'out', none, 'owner', manages],
  clear: [persistentReserveOut, ServiceAction.clear, RESERVE_OUT, 'out', none, 'owner', manages],
  preempt: [persistentReserveOut, ServiceAction.preempt, RESERVE_OUT, 'out', none, 'owner', manages],
  preemptAndAbort: [persistentReserveOut, ServiceAction.preemptAndAbort, RESERVE_OUT, 'out', none, 'owner', manages],
  registerAndIgnoreExistingKey: [persistentReserveOut, ServiceAction.registerAndIgnoreExistingKey, RESERVE_OUT, 'out', none, 'owner', manages],
  registerAndMove: [persistentReserveOut, ServiceAction.registerAndMove, RESERVE_OUT, 'out', none, 'owner', manages],
  extendedCopyLid1: [thirdPartyCopyOut, ServiceAction.extendedCopyLid1, EXTENDED_COPY, 'out', none, 'copyManager', writes],
  extendedCopyLid4: [thirdPartyCopyOut, ServiceAction.extendedCopyLid4, EXTENDED_COPY, 'out', none, 'copyManager', writes],
  populateToken: [thirdPartyCopyOut, ServiceAction.populateToken, TOKEN_OUT, 'out', none, 'owner', reads],
  writeUsingToken: [thirdPartyCopyOut, ServiceAction.writeUsingToken, TOKEN_OUT, 'out', none, 'copyManager', writes],
  copyOperationAbort: [thirdPartyCopyOut, ServiceAction.copyOperationAbort, '00ffffffff00000000000000000000', 'none', none, 'copyManager', writes],
  receiveCopyStatusLid1: [thirdPartyCopyIn, ServiceAction.receiveCopyStatusLid1, RECEIVE_LID1, 'in', none, 'copyManager', writes],
  receiveCopyOperatingParameters: [thirdPartyCopyIn, ServiceAction.receiveCopyOperatingParameters, RECEIVE_LID1, 'in', none, 'copyManager', writes],
  receiveCopyFailureDetails: [thirdPartyCopyIn, ServiceAction.receiveCopyFailureDetails, RECEIVE_LID1, 'in', none, 'copyManager', writes],
  receiveCopyStatusLid4: [thirdPartyCopyIn, ServiceAction.receiveCopyStatusLid4, RECEIVE_LID4, 'in', none, 'copyManager', writes],
  receiveRodTokenInformation: [thirdPartyCopyIn, ServiceAction.receiveRodTokenInformation, RECEIVE_LID4, 'in', none, 'copyManager', reads],
  read16: [OpCode.read16, null, '1affffffffffffffffffffffff1f00', 'in', read, 'owner', reads],
  compareAndWrite: [OpCode.compareAndWrite, null, '1affffffffffffffff000000ff1f00', 'out', write, 'owner', writes],
  write16: [OpCode.write16, null, '1affffffffffffffffffffffff1f00', 'out', write, 'owner', writes],
  orWrite16: [OpCode.orWrite16, null, '1affffffffffffffffffffffff1f00', 'out', write, 'owner', writes],
  writeAndVerify16: [OpCode.writeAndVerify16, null, '12ffffffffffffffffffffffff1f00', 'out', write, 'owner', writes],
  verify16: [OpCode.verify16, null, '16ffffffffffffffffffffffff1f00', 'out', read, 'owner', reads],
  preFetch16: [OpCode.preFetch16, null, '02ffffffffffffffffffffffff1f00', 'none', none, 'owner', reads],
  synchronizeCache16: [OpCode.synchronizeCache16, null, '06ffffffffffffffffffffffff1f00', 'none', flush, 'owner', writes],
  writeSame16: [OpCode.writeSame16, null, '09ffffffffffffffffffffffff1f00', 'out', write, 'owner', writes],
  readCapacity16: [serviceActionIn16, ServiceAction.readCapacity16, '000000000000000000ffffffff0000', 'in', none, 'owner', allowed],
  getLbaStatus: [serviceActionIn16, ServiceAction.getLbaStatus, '00ffffffffffffffffffffffff0000', 'in', read, 'owner', reads],
  reportLuns: [OpCode.reportLuns, null, '00ff000000ffffffff0000', 'in', none, 'here', allowed],
  reportIdentifyingInformation: [maintenanceIn, ServiceAction.reportIdentifyingInformation, IDENTIFYING, 'in', none, 'owner', allowed],
  reportTargetPortGroups: [maintenanceIn, ServiceAction.reportTargetPortGroups, 'e000000000ffffffff0000', 'in', none, 'here', allowed],
  reportSupportedOperationCodes: [maintenanceIn, ServiceAction.reportSupportedOperationCodes, '0087ffffffffffffff0000', 'in', none, 'owner', reads],
  reportSupportedTaskManagementFunctions: [
    maintenanceIn,
    ServiceAction.reportSupportedTaskManagementFunctions,
    '0080000000ffffffff0000',
    'in',
    none,
    'owner',
    reads,
  ],
  reportTimestamp: [maintenanceIn, ServiceAction.reportTimestamp, '0000000000ffffffff0000', 'in', none, 'owner', allowed],
  setIdentifyingInformation: [maintenanceOut, ServiceAction.setIdentifyingInformation, IDENTIFYING, 'out', wholeUnit, 'owner', writes],
  read12: [OpCode.read12, null, '1affffffffffffffff1f00', 'in', read, 'owner', reads],
  write12: [OpCode.write12, null, '1affffffffffffffff1f00', 'out', write, 'owner', writes],
  writeAndVerify12: [OpCode.writeAndVerify12, null, '12ffffffffffffffff1f00', 'out', write, 'owner', writes],
  verify12: [OpCode.verify12, null, '16ffffffffffffffff1f00', 'out', read, 'owner', reads],
  readDefectData12: [OpCode.readDefectData12, null, '1fffffffffffffffff0000', 'in', none, 'owner', reads],
} as const satisfies Record<string, Row>;

export type CommandName = keyof typeof rows;
type NamesAt<Where extends RunsAt> = {
  [Name in CommandName]: (typeof rows)[Name][5] extends Where ? Name : never;
}[CommandName];
/** The commands that a router answers, those that a local unit runs, and those that it lets through to the copy manager. */
export type HereCommandName = NamesAt<'here' | 'either'>;
export type OwnerCommandName = NamesAt<'owner' | 'either'>;
export type CopyCommandName = NamesAt<'copyManager'>;

const SERVICE_ACTION_BYTE = 1;
const SERVICE_ACTION_BIT = 4;
const SERVICE_ACTION_MASK = 0x1f;

function specOf(name: CommandName, index: number): CommandSpec {
  const [operationCode, serviceAction, usage, direction, conflict, runsAt, reservation] = rows[name];
  const bytes = Uint8Array.from([operationCode, ...Buffer.from(usage, 'hex')]);
  bytes[1] = u8(bytes, 1) | (serviceAction ?? 0);
  const where = { runsAt, reservation };
  return { index, name, operationCode, serviceAction, usage: bytes, direction, conflict, ...where };
}

/** All commands, ascending by operation code and service action. */
export const commands: readonly CommandSpec[] = (Object.keys(rows) as CommandName[]).map(specOf);

/** The commands of the copy manager, as VPD page 8Fh lists them. */
export const copyCommands = [thirdPartyCopyOut, thirdPartyCopyIn].map((operationCode) => ({
  operationCode,
  serviceActions: commands.filter((spec) => spec.operationCode === operationCode).flatMap((spec) => spec.serviceAction ?? []),
}));

type Slot = CommandSpec | readonly (CommandSpec | undefined)[] | undefined;
const byOperationCode: readonly Slot[] = Array.from({ length: 256 }, (_, operationCode): Slot => {
  const found = commands.filter((spec) => spec.operationCode === operationCode);
  if (found[0] === undefined || found[0].serviceAction === null) return found[0];
  return Array.from({ length: 32 }, (_, action) => found.find((spec) => spec.serviceAction === action));
});

/** The command of a CDB; 'noOperation' for an unknown operation code, 'noServiceAction' for an unknown service action. */
export function commandOf(cdb: Uint8Array): CommandSpec | 'noOperation' | 'noServiceAction' {
  const slot = byOperationCode[u8(cdb, 0)];
  if (slot === undefined) return 'noOperation';
  if (!Array.isArray(slot)) return slot as CommandSpec;
  return slot[u8(cdb, 1) & SERVICE_ACTION_MASK] ?? 'noServiceAction';
}

/** Whether the CDB sets no bit that its command does not evaluate. */
export function usesOnlyKnownFields(spec: CommandSpec, cdb: Uint8Array): boolean {
  const usage = spec.usage;
  for (let at = 1; at < usage.length; at += 1) if ((u8(cdb, at) & ~u8(usage, at)) !== 0) return false;
  return true;
}

/** What is wrong with a CDB that sets such a bit: the first of them is named. */
export function unknownField(spec: CommandSpec, cdb: Uint8Array): Sense {
  const byte = spec.usage.findIndex((usage, at) => at > 0 && (u8(cdb, at) & ~usage) !== 0);
  const unknown = u8(cdb, byte) & ~u8(spec.usage, byte);
  return atCdbField(sense.invalidFieldInCdb(), byte, 31 - Math.clz32(unknown));
}

/** What is wrong with a CDB whose operation code has service actions, but not this one. */
export function unknownServiceAction(): Sense {
  return atCdbField(sense.invalidFieldInCdb(), SERVICE_ACTION_BYTE, SERVICE_ACTION_BIT);
}

/** Whether it changes who is registered, or who holds the reservation. */
export function changesReservations({ reservation, direction }: CommandSpec): boolean {
  if (reservation === ReservationClass.reserves) return true;
  return reservation === ReservationClass.manages && direction === 'out';
}

/** Whether it writes to the medium: not to be run where that is write protected. */
export function changesMedium({ conflict, operationCode }: CommandSpec): boolean {
  return conflict === write || operationCode === OpCode.unmap;
}

/** Whether it makes no difference if the command ran: then its client may be told that it did not, and to ask again. */
export function changesNothing(spec: CommandSpec): boolean {
  return spec.conflict !== write && spec.conflict !== wholeUnit && !changesReservations(spec);
}
