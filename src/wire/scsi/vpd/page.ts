/** The header that all vital product data pages share (SPC-4 7.8.1): peripheral byte, page code, page length. */
import { putU16 } from '../bytes.ts';

export const VpdPage = {
  supportedPages: 0x00,
  unitSerialNumber: 0x80,
  deviceIdentification: 0x83,
  managementAddresses: 0x85,
  extendedInquiry: 0x86,
  modePagePolicy: 0x87,
  scsiPorts: 0x88,
  thirdPartyCopy: 0x8f,
  blockLimits: 0xb0,
  blockDeviceCharacteristics: 0xb1,
  logicalBlockProvisioning: 0xb2,
} as const;
export type VpdPage = (typeof VpdPage)[keyof typeof VpdPage];

export const VPD_HEADER_LENGTH = 4;

/** A page of a disk with room for `length` bytes behind the header, zero-filled. */
export function newVpdPage(code: VpdPage, length: number): Uint8Array {
  const bytes = new Uint8Array(VPD_HEADER_LENGTH + length);
  bytes[1] = code;
  putU16(bytes, 2, length);
  return bytes;
}

/** Puts one behind the other. */
export function putAll(page: Uint8Array, start: number, parts: readonly Uint8Array[]): void {
  let at = start;
  for (const part of parts) {
    page.set(part, at);
    at += part.length;
  }
}
