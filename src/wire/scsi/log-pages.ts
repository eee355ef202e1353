/** Log pages (SPC-4 7.3, SBC-3 6.4), headers included. */
import { putU16, putU32, u16 } from './bytes.ts';

export const LogPageCode = {
  supportedPages: 0x00,
  /** SBC-3 6.4.4 */
  logicalBlockProvisioning: 0x0c,
  /** SPC-4 7.3.20 */
  startStopCycleCounter: 0x0e,
} as const;

/** SUBPAGE CODE: the page itself; of page 00h, the list with subpages. */
export const LogSubpage = { none: 0x00, all: 0xff } as const;

/** DS: nothing of the page can be saved. SPF: there is a subpage code. */
const DS = 0x80;
const SPF = 0x40;
const HEADER_LENGTH = 4;
/** FORMAT AND LINKING: a binary list parameter, which PAGE CONTROL does not apply to. */
const BINARY_LIST = 0x03;

export interface LogParameter {
  readonly code: number;
  readonly value: Uint8Array;
}

/** SCOPE of a resource count: the unit's own, or what others may use too. */
const Scope = { dedicated: 0x01, shared: 0x02 } as const;

export function encodeLogPage(code: number, parameters: readonly LogParameter[]): Uint8Array {
  const length = parameters.reduce((sum, { value }) => sum + 4 + value.length, 0);
  const bytes = new Uint8Array(HEADER_LENGTH + length);
  bytes[0] = DS | code;
  putU16(bytes, 2, length);
  let at = HEADER_LENGTH;
  for (const parameter of parameters) {
    putU16(bytes, at, parameter.code);
    bytes[at + 2] = BINARY_LIST;
    bytes[at + 3] = parameter.value.length;
    bytes.set(parameter.value, at + 4);
    at += 4 + parameter.value.length;
  }
  return bytes;
}

/** The list of page codes; with subpages, of page and subpage codes, itself included. */
export function encodeSupportedLogPages(codes: readonly number[], withSubpages: boolean): Uint8Array {
  const { supportedPages } = LogPageCode;
  const pairs: number[] = [supportedPages, LogSubpage.none, supportedPages, LogSubpage.all];
  for (const code of codes) pairs.push(code, LogSubpage.none);
  const list = withSubpages ? pairs : [supportedPages, ...codes];
  const bytes = Uint8Array.of(supportedPages, 0, 0, 0, ...list);
  if (withSubpages) [bytes[0], bytes[1]] = [SPF | supportedPages, LogSubpage.all];
  putU16(bytes, 2, list.length);
  return bytes;
}

/** In threshold sets: what is free for this and other units, and what this one uses. */
export function provisioningParameters(available: number, used: number): readonly LogParameter[] {
  return [
    { code: 0x0001, value: resourceCount(available, Scope.shared) },
    { code: 0x0002, value: resourceCount(used, Scope.dedicated) },
  ];
}

/** ACCUMULATED START-STOP CYCLES alone: there is no medium that is made or wears by turning. */
export function startStopParameters(cycles: number): readonly LogParameter[] {
  const value = new Uint8Array(4);
  putU32(value, 0, cycles);
  return [{ code: 0x0004, value }];
}

function resourceCount(sets: number, scope: number): Uint8Array {
  const value = new Uint8Array(8);
  putU32(value, 0, Math.min(sets, 0xffff_ffff));
  value[4] = scope;
  return value;
}

/** PARAMETER POINTER of a LOG SENSE CDB. */
export function parameterPointer(cdb: Uint8Array): number {
  return u16(cdb, 5);
}
