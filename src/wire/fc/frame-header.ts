/** The header of an FC-2 frame (FC-FS-3 12). */
import { putU16, putU24, putU32, u8, u16, u24, u32 } from '../scsi/bytes.ts';

export const FC_HEADER_LENGTH = 24;
export const FC_CRC_LENGTH = 4;
/** The data field of one frame (FC-FS-3 11.4.6). */
export const MAX_DATA_FIELD = 2112;

/** Routing and information category: FC-4 device data by FCP-4 table 5, and extended link services. */
export const RoutingControl = {
  fcpData: 0x01,
  unsolicitedControl: 0x02,
  fcpTransferReady: 0x05,
  fcpCommand: 0x06,
  fcpResponse: 0x07,
  elsRequest: 0x22,
  elsReply: 0x23,
} as const;

/** Data structure type: extended link service, FCP, and the first of the vendor specific ones (FC-FS-3 table 31). */
export const FcType = { els: 0x01, fcp: 0x08, vendor: 0xe0 } as const;

/** Frame control (FC-FS-3 12.7). */
export const FrameControl = {
  responder: 1 << 23,
  firstSequence: 1 << 21,
  lastSequence: 1 << 20,
  endSequence: 1 << 19,
  sequenceInitiative: 1 << 16,
  relativeOffset: 1 << 3,
  fillBytes: 0x3,
} as const;

/** RX_ID that has not been assigned. */
export const UNASSIGNED = 0xffff;

/** Well-known address of the fabric's login server, which a point-to-point N_Port answers in the place of. */
export const FABRIC_LOGIN = 0xfffffe;

export interface FcHeader {
  routingControl: number;
  destination: number;
  source: number;
  type: number;
  frameControl: number;
  sequence: number;
  /** DF_CTL: optional headers. None here. */
  optionalHeaders: number;
  sequenceCount: number;
  originatorExchange: number;
  responderExchange: number;
  /** The relative offset, where FrameControl.relativeOffset says so. */
  parameter: number;
}

export function emptyFcHeader(): FcHeader {
  return {
    routingControl: 0,
    destination: 0,
    source: 0,
    type: 0,
    frameControl: 0,
    sequence: 0,
    optionalHeaders: 0,
    sequenceCount: 0,
    originatorExchange: 0,
    responderExchange: 0,
    parameter: 0,
  };
}

export function encodeFcHeader(header: FcHeader, bytes: Uint8Array, at: number): void {
  bytes[at] = header.routingControl;
  putU24(bytes, at + 1, header.destination);
  bytes[at + 4] = 0;
  putU24(bytes, at + 5, header.source);
  bytes[at + 8] = header.type;
  putU24(bytes, at + 9, header.frameControl);
  bytes[at + 12] = header.sequence;
  bytes[at + 13] = header.optionalHeaders;
  putU16(bytes, at + 14, header.sequenceCount);
  putU16(bytes, at + 16, header.originatorExchange);
  putU16(bytes, at + 18, header.responderExchange);
  putU32(bytes, at + 20, header.parameter);
}

/** Nothing is judged. CS_CTL says how a fabric is to treat the frame, and there is none. */
export function decodeFcHeader(bytes: Uint8Array, at: number, into: FcHeader): void {
  into.routingControl = u8(bytes, at);
  into.destination = u24(bytes, at + 1);
  into.source = u24(bytes, at + 5);
  into.type = u8(bytes, at + 8);
  into.frameControl = u24(bytes, at + 9);
  into.sequence = u8(bytes, at + 12);
  into.optionalHeaders = u8(bytes, at + 13);
  into.sequenceCount = u16(bytes, at + 14);
  into.originatorExchange = u16(bytes, at + 16);
  into.responderExchange = u16(bytes, at + 18);
  into.parameter = u32(bytes, at + 20);
}

/** The CRC goes out with its low byte first, as the serial line does it (FC-FS-3 annex B). */
export function putFcCrc(bytes: Uint8Array, at: number, crc: number): void {
  for (let byte = 0; byte < FC_CRC_LENGTH; byte++) bytes[at + byte] = crc >>> (8 * byte);
}

export function fcCrcAt(bytes: Uint8Array, at: number): number {
  return (
    (u8(bytes, at) | (u8(bytes, at + 1) << 8) | (u8(bytes, at + 2) << 16) | (u8(bytes, at + 3) << 24)) >>> 0
  );
}
