/** FCP_XFER_RDY (FCP-4 9.3): the write data that the target is ready for. */
import { putU32, u32 } from '../scsi/bytes.ts';

const LENGTH = 12;

export interface FcpTransferReady {
  readonly offset: number;
  readonly length: number;
}

export function encodeFcpTransferReady(ready: FcpTransferReady, bytes: Uint8Array, at: number): number {
  putU32(bytes, at, ready.offset);
  putU32(bytes, at + 4, ready.length);
  putU32(bytes, at + 8, 0);
  return LENGTH;
}

/** `null`: malformed. */
export function decodeFcpTransferReady(bytes: Uint8Array): FcpTransferReady | null {
  return bytes.length === LENGTH ? { offset: u32(bytes, 0), length: u32(bytes, 4) } : null;
}
