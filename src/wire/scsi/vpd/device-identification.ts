/** Device Identification, 83h (SPC-4 7.8.6): what the unit, the port and the target are called. */
import { putAscii, putU16 } from '../bytes.ts';
import { Product } from '../standard-inquiry.ts';
import {
  Association,
  CodeSet,
  DesignatorType,
  designator,
  nameDesignator,
  portNameDesignator,
} from './designator.ts';
import { newVpdPage, putAll, VPD_HEADER_LENGTH, VpdPage } from './page.ts';

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

export function encodeDeviceIdentification(names: DeviceNames): Uint8Array {
  const { targetName, portalGroupTag } = names;
  const designators = [
    designator(CodeSet.binary, Association.unit | DesignatorType.naa, names.naa),
    designator(CodeSet.ascii, Association.unit | DesignatorType.t10Vendor, vendorSpecific(names.serial)),
    designator(CodeSet.binary, Association.port | DesignatorType.relativePort, number(names.relativePortId)),
    designator(CodeSet.binary, Association.port | DesignatorType.portGroup, number(names.groupId)),
    portNameDesignator(targetName, portalGroupTag),
    nameDesignator(Association.target, targetName),
  ];
  const length = designators.reduce((sum, bytes) => sum + bytes.length, 0);
  const page = newVpdPage(VpdPage.deviceIdentification, length);
  putAll(page, VPD_HEADER_LENGTH, designators);
  return page;
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
