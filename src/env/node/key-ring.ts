/** The pre-shared keys of one system (docs/decisions/0003-pre-shared-keys.md): one for each pair of systems, or two while they are renewed. */

export interface SharedKey {
  /** The system at the other end: nobody but it and this one have the key. */
  readonly partner: string;
  /** Names the key, on the wire and in logs; no secret. */
  readonly id: string;
  readonly secret: Uint8Array;
}

export interface KeyRing {
  /** The system whose keys these are. */
  readonly self: string;
  /** The keys that are valid now, newest first. Asked for every link that is made; does not throw. */
  current(): readonly SharedKey[];
}

/** Of a system that has no TLS addresses. */
export const NO_KEYS: KeyRing = { self: '', current: () => [] };

/** What the caller says of itself (RFC 8446 4.2.11, PskIdentity): its name, and the key that it is going to prove to have. */
export function identityOf(caller: string, id: string): string {
  return `${caller}/${id}`;
}
