import { createHash } from 'node:crypto';

/** By which a ROD token is known: of all its bytes, and no help to who wants to make it (SPC-4 5.17.6.5.2.2). */
export function rodTokenKey(token: Uint8Array): Uint8Array {
  return createHash('sha256').update(token).digest();
}
