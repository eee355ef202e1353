/** REFUSE: why a handshake ends here (docs/interconnect.md section 3). */
import { u8 } from './frame.ts';
import { putString, StringReader } from './strings.ts';

export const RefuseReason = {
  version: 1,
  otherCluster: 2,
  unknownSystem: 3,
  notTheOneMeant: 4,
  malformed: 5,
  otherIdentity: 6,
} as const;
export type RefuseReason = (typeof RefuseReason)[keyof typeof RefuseReason];

export interface Refuse {
  readonly reason: number;
  readonly text: string;
}

export function encodeRefuse(refuse: Refuse, bytes: Uint8Array, at: number): number {
  bytes[at] = refuse.reason;
  return putString(bytes, at + 1, refuse.text) - at;
}

export function decodeRefuse(parameters: Uint8Array): Refuse | null {
  const strings = new StringReader(parameters, 1);
  const refuse = { reason: u8(parameters, 0), text: strings.next() };
  return strings.complete ? refuse : null;
}
