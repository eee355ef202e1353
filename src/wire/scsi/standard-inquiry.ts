/** Standard INQUIRY data (SPC-4 6.6.2). */
import { putAscii, putU16 } from './bytes.ts';

/** What INQUIRY says of the product; PRODUCT IDENTIFICATION is the same for every unit (VMware compares it). */
export const Product = { vendor: 'CROSSPTH', product: 'Crosspath LU', revision: '0001' } as const;

/** Byte 0 (SPC-4 6.6.2 tables): a disk that is there, and what is said where no unit is. */
export const Peripheral = { directAccessBlockDevice: 0x00, noUnit: 0x7f } as const;
export type Peripheral = (typeof Peripheral)[keyof typeof Peripheral];

const STANDARD_INQUIRY_LENGTH = 96;

const SPC_4 = 0x06;
const HISUP_AND_FORMAT_2 = 0x12;
const TPGS_IMPLICIT = 0x10;
/** 3PC: third-party copies. */
const THIRD_PARTY_COPY = 0x08;
const MULTIP = 0x10;
const CMDQUE = 0x02;
/** SAM-5, iSCSI, SPC-4, SBC-3, each without a version claimed (SPC-4 table of version descriptors). */
const versionDescriptors = [0x00a0, 0x0960, 0x0460, 0x04c0];

export function encodeStandardInquiry(peripheral: Peripheral): Uint8Array {
  const bytes = new Uint8Array(STANDARD_INQUIRY_LENGTH);
  bytes[0] = peripheral;
  bytes[2] = SPC_4;
  bytes[3] = HISUP_AND_FORMAT_2;
  bytes[4] = STANDARD_INQUIRY_LENGTH - 5;
  if (peripheral === Peripheral.directAccessBlockDevice) bytes[5] = TPGS_IMPLICIT | THIRD_PARTY_COPY;
  bytes[6] = MULTIP;
  bytes[7] = CMDQUE;
  putAscii(bytes, 8, 8, Product.vendor);
  putAscii(bytes, 16, 16, Product.product);
  putAscii(bytes, 32, 4, Product.revision);
  versionDescriptors.forEach((version, index) => {
    putU16(bytes, 58 + 2 * index, version);
  });
  return bytes;
}
