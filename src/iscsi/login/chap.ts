/** The arithmetic of CHAP (RFC 1994, RFC 7143 12.1.3). */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ChapSecret } from './access.ts';
import { parseNumber } from './key-values.ts';

export interface ChapAlgorithm {
  /** In IANA's registry of PPP authentication algorithms. */
  readonly number: number;
  readonly hash: string;
  /** Bytes of a response. */
  readonly length: number;
}

/** The strongest first. */
const algorithms: readonly ChapAlgorithm[] = [
  { number: 8, hash: 'sha3-256', length: 32 },
  { number: 7, hash: 'sha256', length: 32 },
  { number: 6, hash: 'sha1', length: 20 },
  { number: 5, hash: 'md5', length: 16 },
];

export interface Challenge {
  readonly algorithm: ChapAlgorithm;
  /** 0-255. */
  readonly identifier: number;
  readonly bytes: Uint8Array;
}

/** The strongest of the initiator's list (CHAP_A): "A is one of A1,A2...". Null where there is none that we have. */
export function chooseAlgorithm(list: string): ChapAlgorithm | null {
  const offered = list.split(',').map(parseNumber);
  return algorithms.find(({ number }) => offered.includes(number)) ?? null;
}

/** RFC 1994 4.1: of the identifier, the secret and the challenge, in this order. */
export function responseTo({ algorithm, identifier, bytes }: Challenge, secret: Uint8Array): Uint8Array {
  return createHash(algorithm.hash).update(Uint8Array.of(identifier)).update(secret).update(bytes).digest();
}

/** Whether name and response are those of one of the secrets. Every one is tried, so that time tells nothing of which. */
export function isProof(
  challenge: Challenge,
  secrets: readonly ChapSecret[],
  name: string,
  response: Uint8Array,
): boolean {
  let found = false;
  for (const candidate of secrets) {
    const right = isSame(responseTo(challenge, candidate.secret), response);
    const named = isSame(Buffer.from(candidate.name), Buffer.from(name));
    found = (right && named) || found;
  }
  return found;
}

/** Lengths are no secret. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
