/** Designation descriptors (SPC-4 7.8.6.1), of the pages 83h and 88h. */

export const Association = { unit: 0x00, port: 0x10, target: 0x20 } as const;
export const CodeSet = { binary: 0x01, ascii: 0x02, utf8: 0x03 } as const;
export const DesignatorType = {
  t10Vendor: 0x1,
  naa: 0x3,
  relativePort: 0x4,
  portGroup: 0x5,
  nameString: 0x8,
} as const;
const PROTOCOL_ISCSI = 0x50;
const PIV = 0x80;

export function designator(codeSet: number, associationAndType: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + value.length);
  const ofUnit = (associationAndType & 0x30) === Association.unit;
  bytes[0] = ofUnit ? codeSet : PROTOCOL_ISCSI | codeSet;
  bytes[1] = ofUnit ? associationAndType : PIV | associationAndType;
  bytes[3] = value.length;
  bytes.set(value, 4);
  return bytes;
}

/** SCSI name string of an iSCSI target port (RFC 7143 4.2.7.2): target name and portal group tag. */
export function portNameDesignator(targetName: string, portalGroupTag: number): Uint8Array {
  const tag = portalGroupTag.toString(16).padStart(4, '0');
  return nameDesignator(Association.port, `${targetName},t,0x${tag}`);
}

/** SCSI name string (SPC-4 7.8.6.11): UTF-8 with at least one null, to a multiple of four bytes. */
export function nameDesignator(association: number, text: string): Uint8Array {
  const utf8 = new TextEncoder().encode(text);
  const bytes = new Uint8Array(Math.ceil((utf8.length + 1) / 4) * 4);
  bytes.set(utf8);
  return designator(CodeSet.utf8, association | DesignatorType.nameString, bytes);
}
