/** COMMAND: a SCSI command for a unit of the receiver's (docs/interconnect.md section 6). */
import { MAX_PAYLOAD, MIN_READ_SET, putU32, u8, u32 } from './frame.ts';

/** All but the CDB. One object may serve all commands of a link: copy what must outlive the frame. */
export interface CommandFields {
  nexus: number;
  unit: number;
  tag: number;
  taskAttribute: number;
  dataOutLength: number;
  dataInLength: number;
  unsolicitedLength: number;
  dataInCredit: number;
  /** The most that one DATA_IN carries: MIN_READ_SET to MAX_PAYLOAD. */
  readSetLength: number;
}

export interface CommandParameters extends Readonly<CommandFields> {
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

export function emptyCommand(): CommandFields {
  return {
    nexus: 0,
    unit: 0,
    tag: 0,
    taskAttribute: 0,
    dataOutLength: 0,
    dataInLength: 0,
    unsolicitedLength: 0,
    dataInCredit: 0,
    readSetLength: 0,
  };
}

/** False: malformed. */
export function decodeCommandFields(parameters: Uint8Array, into: CommandFields): boolean {
  const cdbLength = u8(parameters, 13);
  if (parameters.length !== FIXED + cdbLength || cdbLength < 6) return false;
  into.nexus = u32(parameters, 0);
  into.unit = u32(parameters, 4);
  into.tag = u32(parameters, 8);
  into.taskAttribute = u8(parameters, 12);
  into.dataOutLength = u32(parameters, 14);
  into.dataInLength = u32(parameters, 18);
  into.unsolicitedLength = u32(parameters, 22);
  into.dataInCredit = u32(parameters, 26);
  into.readSetLength = u32(parameters, 30);
  if (into.taskAttribute > 3 || (into.dataOutLength > 0 && into.dataInLength > 0)) return false;
  if (into.unsolicitedLength > into.dataOutLength || into.dataInCredit > into.dataInLength) return false;
  return into.readSetLength >= MIN_READ_SET && into.readSetLength <= MAX_PAYLOAD;
}

/** The CDB of a command that is not malformed: copied to `short`, and padded there with zeroes, or a longer one. */
export function decodeCdb(parameters: Uint8Array, short: Uint8Array): Uint8Array {
  const end = parameters.length - FIXED;
  if (end > short.length) return parameters.slice(FIXED);
  for (let at = 0; at < short.length; at += 1) short[at] = at < end ? u8(parameters, FIXED + at) : 0;
  return short;
}

/** `null`: malformed. */
export function decodeCommand(parameters: Uint8Array): CommandParameters | null {
  const fields = emptyCommand();
  if (!decodeCommandFields(parameters, fields)) return null;
  return { ...fields, cdb: parameters.slice(FIXED) };
}
