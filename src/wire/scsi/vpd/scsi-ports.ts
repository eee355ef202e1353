/** SCSI Ports, 88h (SPC-4 7.8.13): every target port through which the unit is reached, on whichever system. */
import { putU16 } from '../bytes.ts';
import { portNameDesignator } from './designator.ts';
import { newVpdPage, putAll, VPD_HEADER_LENGTH, VpdPage } from './page.ts';

export interface PortNames {
  readonly relativeId: number;
  readonly targetName: string;
  readonly portalGroupTag: number;
}

/** Bytes before the target port descriptors of a port; it is no initiator port, and so has no TransportID. */
const PORT_HEADER_LENGTH = 12;

export function encodeScsiPorts(ports: readonly PortNames[]): Uint8Array {
  const descriptors = ports.map(portDescriptor);
  const length = descriptors.reduce((sum, bytes) => sum + bytes.length, 0);
  const page = newVpdPage(VpdPage.scsiPorts, length);
  putAll(page, VPD_HEADER_LENGTH, descriptors);
  return page;
}

function portDescriptor({ relativeId, targetName, portalGroupTag }: PortNames): Uint8Array {
  const name = portNameDesignator(targetName, portalGroupTag);
  const bytes = new Uint8Array(PORT_HEADER_LENGTH + name.length);
  putU16(bytes, 2, relativeId);
  putU16(bytes, PORT_HEADER_LENGTH - 2, name.length);
  bytes.set(name, PORT_HEADER_LENGTH);
  return bytes;
}
