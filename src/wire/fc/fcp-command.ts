/** FCP_CMND (FCP-4 9.1): a command, or a task management function. */
import { putU32, u8, u32 } from '../scsi/bytes.ts';

export const FCP_LUN_LENGTH = 8;
/** Bytes of FCP_CDB; what a CDB has beyond them is ADDITIONAL FCP_CDB, in whole words. */
const CDB_LENGTH = 16;
const FIXED = 28;
const WORD = 4;
export const MAX_FCP_COMMAND = FIXED + 63 * WORD;

/** TASK ATTRIBUTE by FCP-4 table 21, at the place of the number that SAM-5 and the interconnect have. */
const attributes = [0, 2, 1, 4] as const;

/** TASK MANAGEMENT FLAGS (FCP-4 9.1.2.5). */
export const FcpTaskManagement = {
  clearAca: 0x40,
  logicalUnitReset: 0x10,
  clearTaskSet: 0x04,
  abortTaskSet: 0x02,
} as const;

const Direction = { write: 0x01, read: 0x02 } as const;

export interface FcpCommand {
  /** The eight bytes of FCP_LUN. Decoded, it borrows the bytes. */
  readonly lun: Uint8Array;
  /** SAM-5's number: 0 simple, 1 ordered, 2 head of queue, 3 ACA. */
  readonly taskAttribute: number;
  /** 0 for a command. */
  readonly taskManagement: number;
  /** Padded to 16 bytes, or to whole words beyond. Decoded, it borrows the bytes. */
  readonly cdb: Uint8Array;
  /** One of them is 0. */
  readonly dataOutLength: number;
  readonly dataInLength: number;
}

/** `command.cdb` may be shorter here. Gives the length. */
export function encodeFcpCommand(command: FcpCommand, bytes: Uint8Array, at: number): number {
  const additional = Math.max(0, Math.ceil((command.cdb.length - CDB_LENGTH) / WORD));
  const length = FIXED + additional * WORD + 4;
  bytes.fill(0, at, at + length);
  bytes.set(command.lun, at);
  bytes[at + 9] = attributes[command.taskAttribute] ?? 0;
  bytes[at + 10] = command.taskManagement;
  const direction =
    command.dataOutLength > 0 ? Direction.write : command.dataInLength > 0 ? Direction.read : 0;
  bytes[at + 11] = (additional << 2) | direction;
  bytes.set(command.cdb, at + 12);
  putU32(bytes, at + length - 4, command.dataOutLength + command.dataInLength);
  return length;
}

/** `null`: malformed. */
export function decodeFcpCommand(bytes: Uint8Array): FcpCommand | null {
  const cdbLength = CDB_LENGTH + (u8(bytes, 11) >> 2) * WORD;
  const taskAttribute = attributes.findIndex((attribute) => attribute === (u8(bytes, 9) & 0x7));
  const direction = u8(bytes, 11) & 0x3;
  const length = u32(bytes, 12 + cdbLength);
  if (bytes.length !== 12 + cdbLength + 4 || taskAttribute < 0) return null;
  if (direction === (Direction.write | Direction.read) || (direction === 0) !== (length === 0)) return null;
  return {
    lun: bytes.subarray(0, FCP_LUN_LENGTH),
    taskAttribute,
    taskManagement: u8(bytes, 10),
    cdb: bytes.subarray(12, 12 + cdbLength),
    dataOutLength: direction === Direction.write ? length : 0,
    dataInLength: direction === Direction.read ? length : 0,
  };
}
