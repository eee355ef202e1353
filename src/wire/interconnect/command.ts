/** COMMAND: a SCSI command for a unit of the receiver's (docs/interconnect.md section 6). */
import { MAX_PAYLOAD, MIN_READ_SET, putU32, u8, u32 } from './frame.ts';

export interface CommandParameters {
  readonly nexus: number;
  readonly unit: number;
  readonly tag: number;
  readonly taskAttribute: number;
  readonly dataOutLength: number;
  readonly dataInLength: number;
  readonly unsolicitedLength: number;
  readonly dataInCredit: number;
  /** The most that one DATA_IN carries: MIN_READ_SET to MAX_PAYLOAD. */
  readonly readSetLength: number;
  /** 6-255 bytes. Decoded, it is a copy. */
  readonly cdb: Uint8Array;
}

const FIXED = 34;

export function encodeCommand(command: CommandParameters, bytes: Uint8Array, at: number): number {
  putU32(bytes, at, command.nexus);
  putU32(bytes, at + 4, command.unit);
  putU32(bytes, at + 8, command.tag);
  bytes[at + 12] = command.taskAttribute;
  bytes[at + 13] = command.cdb.length;
  putU32(bytes, at + 14, command.dataOutLength);
  putU32(bytes, at + 18, command.dataInLength);
  putU32(bytes, at + 22, command.unsolicitedLength);
  putU32(bytes, at + 26, command.dataInCredit);
  putU32(bytes, at + 30, command.readSetLength);
  bytes.set(command.cdb, at + FIXED);
  return FIXED + command.cdb.length;
}

/** `null`: malformed. */
export function decodeCommand(parameters: Uint8Array): CommandParameters | null {
  const cdbLength = u8(parameters, 13);
  const taskAttribute = u8(parameters, 12);
  if (parameters.length !== FIXED + cdbLength || cdbLength < 6 || taskAttribute > 3) return null;
  const dataOutLength = u32(parameters, 14);
  const dataInLength = u32(parameters, 18);
  const unsolicitedLength = u32(parameters, 22);
  const dataInCredit = u32(parameters, 26);
  const readSetLength = u32(parameters, 30);
  if (dataOutLength > 0 && dataInLength > 0) return null;
  if (unsolicitedLength > dataOutLength || dataInCredit > dataInLength) return null;
  if (readSetLength < MIN_READ_SET || readSetLength > MAX_PAYLOAD) return null;
  return {
    nexus: u32(parameters, 0),
    unit: u32(parameters, 4),
    tag: u32(parameters, 8),
    taskAttribute,
    dataOutLength,
    dataInLength,
    unsolicitedLength,
    dataInCredit,
    readSetLength,
    cdb: parameters.slice(FIXED),
  };
}
