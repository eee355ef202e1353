/** REPORT IDENTIFYING INFORMATION parameter data (SPC-4 6.32). */
import { putU16 } from './bytes.ts';

/** INFORMATION TYPE: what a host has written into the unit to tell it by, and a text (UTF-8, ended by a null); or which there are. */
export const InformationType = { identifier: 0x00, text: 0x02, supported: 0x7f } as const;

const HEADER_LENGTH = 4;
const DESCRIPTOR_LENGTH = 4;

export function encodeIdentifyingInformation(information: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + information.length);
  putU16(bytes, 2, information.length);
  bytes.set(information, HEADER_LENGTH);
  return bytes;
}

/** `types`: ascending, each with its greatest length. */
export function encodeSupportedInformation(
  types: readonly { readonly type: number; readonly most: number }[],
): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + types.length * DESCRIPTOR_LENGTH);
  putU16(bytes, 2, types.length * DESCRIPTOR_LENGTH);
  types.forEach(({ type, most }, index) => {
    const at = HEADER_LENGTH + index * DESCRIPTOR_LENGTH;
    bytes[at] = type << 1;
    putU16(bytes, at + 2, most);
  });
  return bytes;
}
