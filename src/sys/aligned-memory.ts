/** Memory that a medium may read and write by itself (O_DIRECT): its address is a multiple of what the medium can do. */
import koffi from 'koffi';

/** Of every buffer of a pool: what disks with blocks of 512 bytes ask for, and by now most others. */
export const MEMORY_ALIGNMENT = 512;

/** `length` zeroes; `alignment`: a power of two. */
export function alignedBytes(length: number, alignment = MEMORY_ALIGNMENT): Uint8Array {
  const bytes = new Uint8Array(length + alignment);
  const start = -addressOf(bytes) & (alignment - 1);
  return bytes.subarray(start, start + length);
}

/** `alignment`: a power of two. */
export function isAligned(bytes: Uint8Array, alignment: number): boolean {
  return (addressOf(bytes) & (alignment - 1)) === 0;
}

/** Its lower 32 bits. */
function addressOf(bytes: Uint8Array): number {
  return Number(BigInt.asIntN(32, koffi.address(bytes)));
}
