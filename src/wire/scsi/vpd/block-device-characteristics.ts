/** Block Device Characteristics, B1h (SBC-3 6.6.2). */
import { putU16 } from '../bytes.ts';
import { newVpdPage, VpdPage } from './page.ts';

const NON_ROTATING = 1;
/** VERIFY compares unmapped blocks too: as zeroes. */
const VBULS = 0x01;

export function encodeBlockDeviceCharacteristics(): Uint8Array {
  const bytes = newVpdPage(VpdPage.blockDeviceCharacteristics, 60);
  putU16(bytes, 4, NON_ROTATING);
  bytes[8] = VBULS;
  return bytes;
}
