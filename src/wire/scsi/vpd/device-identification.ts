/** Device Identification, 83h (SPC-4 7.8.6): what the unit, the port and the target are called. */
import { putAscii, putU16 } from '../bytes.ts';
import { Product } from '../standard-inquiry.ts';
import { newVpdPage, VPD_HEADER_LENGTH, VpdPage } from './page.ts';

/** The names in the page: those of the unit are the same through every port, those of the port are the receiving one's. */
export interface DeviceNames {
  /** 16 bytes, NAA 6. */
  readonly naa: Uint8Array;
  readonly serial: string;
  readonly targetName: string;
  readonly portalGroupTag: number;
  readonly relativePortId: number;
  readonly groupId: number;
}

const Association = { unit: 0x00, port: 0x10, target: 0x20 } as const;
const CodeSet = { binary: 0x01, ascii: 0x02, utf8: 0x03 } as const;
const DesignatorType = {
  t10Vendor: 0x1,
  naa: 0x3,
  relativePort: 0x4,
  portGroup: 0x5,
  nameString: 0x8,
} as const;
const PROTOCOL_ISCSI = 0x50;
const PIV = 0x80;

export function encodeDeviceIdentification(names: DeviceNames): Uint8Array {
  const tag = names.portalGroupTag.toString(16).padStart(4, '0');
  const designators = [
    designator(CodeSet.binary, Association.unit | DesignatorType.naa, names.naa),
    designator(CodeSet.ascii, Association.unit | DesignatorType.t10Vendor, vendorSpecific(names.serial)),
    designator(CodeSet.binary, Association.port | DesignatorType.relativePort, number(names.relativePortId)),
    designator(CodeSet.binary, Association.port | DesignatorType.portGroup, number(names.groupId)),
    designator(
      CodeSet.utf8,
      Association.port | DesignatorType.nameString,
      name(`${names.targetName},t,0x${tag}`),
    ),
    designator(CodeSet.utf8, Association.target | DesignatorType.nameString, name(names.targetName)),
  ];
  const length = designators.reduce((sum, bytes) => sum + bytes.length, 0);
  const page = newVpdPage(VpdPage.deviceIdentification, length);
  let at = VPD_HEADER_LENGTH;
  for (const bytes of designators) {
    page.set(bytes, at);
    at += bytes.length;
  }
  return page;
}

function designator(codeSet: number, associationAndType: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + value.length);
  const ofUnit = (associationAndType & 0x30) === Association.unit;
  bytes[0] = ofUnit ? codeSet : PROTOCOL_ISCSI | codeSet;
  bytes[1] = ofUnit ? associationAndType : PIV | associationAndType;
  bytes[3] = value.length;
  bytes.set(value, 4);
  return bytes;
}

/** SPC-4 7.8.6.4: vendor, then what is unique among the vendor's units. */
function vendorSpecific(serial: string): Uint8Array {
  const bytes = new Uint8Array(8 + serial.length);
  putAscii(bytes, 0, 8, Product.vendor);
  putAscii(bytes, 8, serial.length, serial);
  return bytes;
}

/** SPC-4 7.8.6.7 and 7.8.6.8: two reserved bytes, then the number. */
function number(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  putU16(bytes, 2, value);
  return bytes;
}

/** SPC-4 7.8.6.11: UTF-8 with at least one null, to a multiple of four bytes. */
function name(text: string): Uint8Array {
  const utf8 = new TextEncoder().encode(text);
  const bytes = new Uint8Array(Math.ceil((utf8.length + 1) / 4) * 4);
  bytes.set(utf8);
  return bytes;
}
