/** NEXUS_OPEN, NEXUS_CLOSE, NEXUS_PING and NEXUS_HELD (docs/interconnect.md section 5). */
import { putU16, putU32, u8, u16, u32 } from './frame.ts';
import { putString, StringReader } from './strings.ts';

export interface NexusOpen {
  readonly nexus: number;
  readonly relativeId: number;
  readonly portalGroupTag: number;
  readonly groupId: number;
  /** 12 hexadecimal digits. */
  readonly isid: string;
  readonly initiatorName: string;
  readonly portName: string;
  readonly targetName: string;
}

const FIXED = 16;

export function encodeNexusOpen(open: NexusOpen, bytes: Uint8Array, at: number): number {
  putU32(bytes, at, open.nexus);
  putU16(bytes, at + 4, open.relativeId);
  putU16(bytes, at + 6, open.portalGroupTag);
  putU16(bytes, at + 8, open.groupId);
  putU16(bytes, at + 10, Number.parseInt(open.isid.slice(0, 4), 16));
  putU32(bytes, at + 12, Number.parseInt(open.isid.slice(4), 16));
  let end = putString(bytes, at + FIXED, open.initiatorName);
  end = putString(bytes, end, open.portName);
  return putString(bytes, end, open.targetName) - at;
}

export function decodeNexusOpen(parameters: Uint8Array): NexusOpen | null {
  const strings = new StringReader(parameters, FIXED);
  const open = {
    nexus: u32(parameters, 0),
    relativeId: u16(parameters, 4),
    portalGroupTag: u16(parameters, 6),
    groupId: u16(parameters, 8),
    isid:
      u16(parameters, 10).toString(16).padStart(4, '0') + u32(parameters, 12).toString(16).padStart(8, '0'),
    initiatorName: strings.next(),
    portName: strings.next(),
    targetName: strings.next(),
  };
  return strings.complete ? open : null;
}

/** Why a nexus closed, as NEXUS_CLOSE says it. */
export const CloseReason = { logout: 1, connectionLost: 2, reinstated: 3 } as const;
export type CloseReason = (typeof CloseReason)[keyof typeof CloseReason];

export interface NexusClose {
  readonly nexus: number;
  readonly why: number;
}

export function encodeNexusClose(close: NexusClose, bytes: Uint8Array, at: number): number {
  putU32(bytes, at, close.nexus);
  bytes[at + 4] = close.why;
  return 5;
}

export function decodeNexusClose(parameters: Uint8Array): NexusClose {
  return { nexus: u32(parameters, 0), why: u8(parameters, 4) };
}

/** NEXUS_PING, and NEXUS_HELD that answers it. */
export interface NexusPing {
  readonly nexus: number;
  /** The owner's number for the ping. */
  readonly number: number;
}

export function encodeNexusPing(ping: NexusPing, bytes: Uint8Array, at: number): number {
  putU32(bytes, at, ping.nexus);
  putU32(bytes, at + 4, ping.number);
  return 8;
}

export function decodeNexusPing(parameters: Uint8Array): NexusPing {
  return { nexus: u32(parameters, 0), number: u32(parameters, 4) };
}
