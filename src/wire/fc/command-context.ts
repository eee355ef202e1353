/**
 * COMMAND_CONTEXT (docs/fibre-channel.md section 5): what the FCP_CMND right behind it has no field for. Parameters of
 * a frame in the vendor specific type; the frame's header names the exchange.
 */
import { putU32, u8, u32 } from '../scsi/bytes.ts';

/** Its frame type: outside those of docs/interconnect.md, as it exists on Fibre Channel alone. */
export const COMMAND_CONTEXT = 40;
const LENGTH = 21;

export interface CommandContext {
  readonly nexus: number;
  readonly tag: number;
  readonly unsolicitedLength: number;
  readonly dataInCredit: number;
  readonly readSetLength: number;
  /** Bytes of the CDB without its padding; 0 for task management. */
  readonly cdbLength: number;
}

export function encodeCommandContext(context: CommandContext, bytes: Uint8Array, at: number): number {
  putU32(bytes, at, context.nexus);
  putU32(bytes, at + 4, context.tag);
  putU32(bytes, at + 8, context.unsolicitedLength);
  putU32(bytes, at + 12, context.dataInCredit);
  putU32(bytes, at + 16, context.readSetLength);
  bytes[at + 20] = context.cdbLength;
  return LENGTH;
}

/** `null`: malformed. */
export function decodeCommandContext(parameters: Uint8Array): CommandContext | null {
  if (parameters.length !== LENGTH) return null;
  return {
    nexus: u32(parameters, 0),
    tag: u32(parameters, 4),
    unsolicitedLength: u32(parameters, 8),
    dataInCredit: u32(parameters, 12),
    readSetLength: u32(parameters, 16),
    cdbLength: u8(parameters, 20),
  };
}
