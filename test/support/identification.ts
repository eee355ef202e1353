/** Reads pages byte by byte (SPC-4 7.8.6 and 6.37), so that the product's own decoders prove nothing to themselves. */

export interface Designator {
  /** 0 logical unit, 1 target port, 2 target device. */
  readonly association: number;
  readonly type: number;
  readonly value: Uint8Array;
}

/** The Device Identification VPD page, 83h. */
export function designatorsOf(page: Uint8Array): Designator[] {
  const designators: Designator[] = [];
  for (let at = 4; at < page.length; ) {
    const length = page[at + 3] ?? 0;
    const second = page[at + 1] ?? 0;
    const value = page.slice(at + 4, at + 4 + length);
    designators.push({ association: (second >>> 4) & 3, type: second & 0x0f, value });
    at += 4 + length;
  }
  return designators;
}

export interface PortGroup {
  readonly group: number;
  readonly state: number;
  readonly ports: readonly number[];
}

/** REPORT TARGET PORT GROUPS with the length-only header, in the order of groups. */
export function portGroupsOf(answer: Uint8Array): PortGroup[] {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  const groups: PortGroup[] = [];
  for (let at = 4; at < 4 + view.getUint32(0); ) {
    const count = view.getUint8(at + 7);
    const ports = Array.from({ length: count }, (_, index) => view.getUint16(at + 8 + 4 * index + 2));
    groups.push({ group: view.getUint16(at + 2), state: view.getUint8(at) & 0x0f, ports });
    at += 8 + 4 * count;
  }
  return groups;
}
