/** The frame of the interconnect: fixed header, parameters, payload (docs/interconnect.md section 2). */
import { signedCrc32c } from '../crc32c.ts';

export const FrameType = {
  hello: 1,
  welcome: 2,
  refuse: 3,
  inventory: 4,
  event: 5,
  probe: 6,
  probeReply: 7,
  goodbye: 8,
  linkEnded: 9,
  nexusOpen: 16,
  nexusClose: 17,
  nexusPing: 18,
  nexusHeld: 19,
  command: 20,
  dataOut: 21,
  transferReady: 22,
  dataIn: 23,
  response: 24,
  grant: 25,
  taskManagement: 30,
  taskManagementResponse: 31,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const names = new Map<number, string>(Object.entries(FrameType).map(([name, type]) => [type, name]));

/** For logs. */
export function frameName(type: number): string {
  return names.get(type) ?? `type ${type}`;
}

export const HEADER_LENGTH = 24;
export const MAX_PARAMETERS = 1024;
export const MAX_PAYLOAD = 1 << 20;
/** The least that a COMMAND may say of its read sets: a logical block of every unit fits. */
export const MIN_READ_SET = 4096;
/** Flag of the frame that ends its exchange. */
export const FINAL = 1;

/** A decoded header. One object serves all frames of a stream: copy what must outlive the frame. */
export interface FrameHeader {
  type: number;
  flags: number;
  parametersLength: number;
  payloadLength: number;
  generation: number;
  exchange: number;
  payloadChecksum: number;
}

export function emptyHeader(): FrameHeader {
  return {
    type: 0,
    flags: 0,
    parametersLength: 0,
    payloadLength: 0,
    generation: 0,
    exchange: 0,
    payloadChecksum: 0,
  };
}

/** `bytes`: at least HEADER_LENGTH of them. Nothing is judged. */
export function decodeHeader(bytes: Uint8Array, into: FrameHeader): void {
  into.type = u8(bytes, 0);
  into.flags = u8(bytes, 1);
  into.parametersLength = u16(bytes, 2);
  into.payloadLength = u32(bytes, 4);
  into.generation = u32(bytes, 8);
  into.exchange = u32(bytes, 12);
  into.payloadChecksum = u32(bytes, 16);
}

/** Writes the header in front of the parameters that are at HEADER_LENGTH in `frame` already, and sums both. */
export function sealFrame(frame: Uint8Array, header: FrameHeader): void {
  putU8(frame, 0, header.type);
  putU8(frame, 1, header.flags);
  putU16(frame, 2, header.parametersLength);
  putU32(frame, 4, header.payloadLength);
  putU32(frame, 8, header.generation);
  putU32(frame, 12, header.exchange);
  putU32(frame, 16, header.payloadChecksum);
  putU32(frame, 20, headerChecksum(frame, header.parametersLength));
}

export function headerChecksumHolds(frame: Uint8Array, parametersLength: number): boolean {
  return i32(frame, 20) === headerChecksum(frame, parametersLength);
}

function headerChecksum(frame: Uint8Array, parametersLength: number): number {
  const ofHeader = signedCrc32c(frame, 0, 0, 20);
  return signedCrc32c(frame, ofHeader, HEADER_LENGTH, HEADER_LENGTH + parametersLength);
}

/** Parameter bytes that a type has: at least, at the most. */
const parameterBounds: Record<FrameType, readonly [number, number]> = {
  [FrameType.hello]: [35, 800],
  [FrameType.welcome]: [35, 800],
  [FrameType.refuse]: [2, 257],
  [FrameType.inventory]: [2, 2],
  [FrameType.event]: [9, 9],
  [FrameType.probe]: [4, 4],
  [FrameType.probeReply]: [4, 4],
  [FrameType.goodbye]: [0, 0],
  [FrameType.linkEnded]: [4, 4],
  [FrameType.nexusOpen]: [19, 784],
  [FrameType.nexusClose]: [5, 5],
  [FrameType.nexusPing]: [8, 8],
  [FrameType.nexusHeld]: [8, 8],
  [FrameType.command]: [40, 289],
  [FrameType.dataOut]: [4, 4],
  [FrameType.transferReady]: [8, 8],
  [FrameType.dataIn]: [4, 10],
  [FrameType.response]: [6, 21],
  [FrameType.grant]: [4, 4],
  [FrameType.taskManagement]: [13, 13],
  [FrameType.taskManagementResponse]: [1, 1],
};

const withPayload: ReadonlySet<number> = new Set([
  FrameType.inventory,
  FrameType.command,
  FrameType.dataOut,
  FrameType.dataIn,
]);

/** What is broken about a header by itself, before its parameters are here; null if nothing is. */
export function brokenHeader(header: FrameHeader): string | null {
  const bounds = parameterBounds[header.type as FrameType];
  if (bounds === undefined) return `unknown frame type ${header.type}`;
  if (header.parametersLength < bounds[0] || header.parametersLength > bounds[1]) {
    return `${frameName(header.type)} with ${header.parametersLength} bytes of parameters`;
  }
  if (header.payloadLength > MAX_PAYLOAD || (header.payloadLength > 0 && !withPayload.has(header.type))) {
    return `${frameName(header.type)} with a payload of ${header.payloadLength} bytes`;
  }
  if (header.flags !== 0 && !(header.flags === FINAL && header.type === FrameType.dataIn)) {
    return `${frameName(header.type)} with flags ${header.flags}`;
  }
  return null;
}

export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

export function u16(bytes: Uint8Array, at: number): number {
  return (u8(bytes, at) << 8) | u8(bytes, at + 1);
}

export function u32(bytes: Uint8Array, at: number): number {
  return i32(bytes, at) >>> 0;
}

/** Signed: half of the others take an object where they are passed on. */
function i32(bytes: Uint8Array, at: number): number {
  return (u8(bytes, at) << 24) | (u8(bytes, at + 1) << 16) | (u8(bytes, at + 2) << 8) | u8(bytes, at + 3);
}

/** Above 2^53 it is not exact, and no valid field of the protocol is that large: callers check. */
export function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at) * 0x1_0000_0000 + u32(bytes, at + 4);
}

function putU8(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
}

export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function putU64(bytes: Uint8Array, at: number, value: number): void {
  putU32(bytes, at, Math.floor(value / 0x1_0000_0000));
  putU32(bytes, at + 4, value >>> 0);
}
