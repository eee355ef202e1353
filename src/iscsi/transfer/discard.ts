import { IscsiLimits } from '../../limits.ts';

/** Where data goes that nobody wants. All connections share it, and it is never read. */
const bin = new Uint8Array(IscsiLimits.maxRecvDataSegmentLength);

/** A place for `length` bytes, at most a longest data segment. Null for 0. */
export function discardBuffer(length: number): Uint8Array | null {
  return length === 0 ? null : bin.subarray(0, length);
}
