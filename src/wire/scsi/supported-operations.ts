/** REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS parameter data (SPC-4 6.35, 6.36). */
import { putU16, putU32 } from './bytes.ts';

export interface SupportedOperation {
  readonly operationCode: number;
  /** Null for a command without service actions. */
  readonly serviceAction: number | null;
  /** CDB USAGE DATA: as long as the CDB. */
  readonly usage: Uint8Array;
}

/** REPORTING OPTIONS of the CDB. */
export const ReportingOptions = { all: 0, oneByCode: 1, oneByServiceAction: 2, oneByBoth: 3 } as const;

const Support = { notSupported: 0x01, asInStandard: 0x03 } as const;
const CTDP = 0x80;
const CTDP_IN_LIST = 0x02;
const SERVACTV = 0x01;
const TIMEOUTS_LENGTH = 12;

/** `timeouts`: RCTD: a descriptor behind each command, which says that no timeout is given. */
export function encodeOperationList(
  operations: readonly SupportedOperation[],
  timeouts: boolean,
): Uint8Array {
  const each = 8 + (timeouts ? TIMEOUTS_LENGTH : 0);
  const bytes = new Uint8Array(4 + each * operations.length);
  putU32(bytes, 0, each * operations.length);
  operations.forEach((operation, index) => {
    const at = 4 + each * index;
    bytes[at] = operation.operationCode;
    putU16(bytes, at + 2, operation.serviceAction ?? 0);
    bytes[at + 5] = (timeouts ? CTDP_IN_LIST : 0) | (operation.serviceAction === null ? 0 : SERVACTV);
    putU16(bytes, at + 6, operation.usage.length);
    if (timeouts) putU16(bytes, at + 8, TIMEOUTS_LENGTH - 2);
  });
  return bytes;
}

/** `operation`: null where the command is not supported. */
export function encodeOneOperation(operation: SupportedOperation | null, timeouts: boolean): Uint8Array {
  if (operation === null) {
    const bytes = new Uint8Array(4);
    bytes[1] = Support.notSupported;
    return bytes;
  }
  const length = operation.usage.length;
  const bytes = new Uint8Array(4 + length + (timeouts ? TIMEOUTS_LENGTH : 0));
  bytes[1] = Support.asInStandard | (timeouts ? CTDP : 0);
  putU16(bytes, 2, length);
  bytes.set(operation.usage, 4);
  if (timeouts) putU16(bytes, 4 + length, TIMEOUTS_LENGTH - 2);
  return bytes;
}

/** ABORT TASK, ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET: ATS, ATSS, CTSS, LURS. */
const SUPPORTED_FUNCTIONS = 0xd8;

/** `extended`: REPD: 16 bytes with timeouts (none given) instead of 4. */
export function encodeTaskManagementFunctions(extended: boolean): Uint8Array {
  const bytes = new Uint8Array(extended ? 16 : 4);
  bytes[0] = SUPPORTED_FUNCTIONS;
  if (extended) bytes[3] = 12;
  return bytes;
}
