/** Unit Serial Number, 80h (SPC-4 7.8.15). */
import { putAscii } from '../bytes.ts';
import { newVpdPage, VPD_HEADER_LENGTH, VpdPage } from './page.ts';

/** `serial`: printable ASCII. */
export function encodeUnitSerialNumber(serial: string): Uint8Array {
  const bytes = newVpdPage(VpdPage.unitSerialNumber, serial.length);
  putAscii(bytes, VPD_HEADER_LENGTH, serial.length, serial);
  return bytes;
}
