/**
 * The ROD tokens of one unit (SPC-4 5.17.6): point in time copies, vulnerable to change. No data is copied when a token is made: it is good
 * as long as nothing has begun to change its blocks since, and who reads by it asks afterwards whether that is still so.
 */
import type { Clock } from '../../env/clock.ts';
import type { Random } from '../../env/random.ts';
import { CopyLimits } from '../../limits.ts';
import {
  CopyOperationStatus,
  type CopyProgress,
  encodeRodTokenInformation,
} from '../../wire/scsi/copy/copy-results.ts';
import {
  encodeRodToken,
  TOKEN_IDENTIFIER_LENGTH,
  TOKEN_SECRET_LENGTH,
} from '../../wire/scsi/copy/rod-token.ts';
import type { PopulateTokenList, TokenRange } from '../../wire/scsi/copy/token-lists.ts';
import { ServiceAction } from '../../wire/scsi/opcodes.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import type { Nexus } from '../nexus.ts';
import { rodTokenKey } from '../rod-token-key.ts';
import type { UnitIdentity } from '../unit-identity.ts';

export interface RodTokensOptions {
  readonly identity: UnitIdentity;
  readonly clock: Clock;
  readonly random: Random;
}

interface KnownToken {
  readonly ranges: readonly TokenRange[];
  readonly milliseconds: number;
  /** When it expires, if it is not used before. */
  expiresAt: number;
  /** Its blocks have changed: kept until it expires, to say so. */
  isCancelled: boolean;
}

export class RodTokens {
  readonly #options: RodTokensOptions;
  /** By key, in hexadecimal. */
  readonly #tokens = new Map<string, KnownToken>();
  /** Tokens that a change could cancel. */
  #live = 0;
  /** What RECEIVE ROD TOKEN INFORMATION tells each nexus, by list identifier, the oldest first. */
  readonly #results = new Map<Nexus, Map<number, Uint8Array>>();

  constructor(options: RodTokensOptions) {
    this.#options = options;
  }

  /** POPULATE TOKEN. `isChanging`: whether something is changing blocks now, and may go on when the token is made. */
  populate(
    nexus: Nexus,
    listIdentifier: number,
    { ranges, inactivitySeconds }: PopulateTokenList,
    isChanging: (first: number, end: number) => boolean,
  ): Sense | null {
    const { blockCount, blockLength } = this.#options.identity;
    this.forget(nexus, listIdentifier);
    let blocks = 0;
    for (const range of ranges) {
      if (range.lba + range.blocks > blockCount) return sense.lbaOutOfRange();
      blocks += range.blocks;
    }
    const byteLength = blocks * blockLength;
    if (byteLength > CopyLimits.maxTokenBytes) return sense.invalidFieldInParameterList();
    this.#makeRoom();
    if (this.#tokens.size >= CopyLimits.tokensPerUnit) return sense.insufficientRodResources();
    const token = blocks === 0 ? null : this.#make(byteLength);
    if (token !== null) {
      const milliseconds = (inactivitySeconds || CopyLimits.defaultTokenSeconds) * 1000;
      const isCancelled = ranges.some(({ lba, blocks: count }) => isChanging(lba, lba + count));
      const expiresAt = this.#options.clock.now() + milliseconds;
      this.#tokens.set(Buffer.from(rodTokenKey(token)).toString('hex'), {
        ranges,
        milliseconds,
        expiresAt,
        isCancelled,
      });
      if (!isCancelled) this.#live += 1;
    }
    this.#hold(nexus, listIdentifier, encodeRodTokenInformation(progressOf(byteLength, blockLength), token));
    return null;
  }

  /** A task begins to change [first, end). */
  changed(first: number, end: number): void {
    if (this.#live === 0) return;
    this.#dropExpired();
    for (const token of this.#tokens.values()) {
      if (token.isCancelled || !touches(token, first, end)) continue;
      token.isCancelled = true;
      this.#live -= 1;
    }
  }

  /** The ranges of the token with that key, which lives longer by being used; or why it is good no more. */
  rangesOf(key: string): readonly TokenRange[] | Sense {
    const token = this.#tokens.get(key);
    if (token === undefined) return sense.tokenUnknown();
    const now = this.#options.clock.now();
    if (token.expiresAt <= now) return sense.tokenExpired();
    if (token.isCancelled) return sense.tokenCancelled();
    token.expiresAt = now + token.milliseconds;
    return token.ranges;
  }

  /** What there is to tell of a POPULATE TOKEN, until it has been told whole; null where there is nothing. */
  result(nexus: Nexus, listIdentifier: number, allocationLength: number): Uint8Array | null {
    const result = this.#results.get(nexus)?.get(listIdentifier) ?? null;
    if (result !== null && allocationLength >= result.length) this.forget(nexus, listIdentifier);
    return result;
  }

  /** The list identifier is used anew. */
  forget(nexus: Nexus, listIdentifier: number): void {
    this.#results.get(nexus)?.delete(listIdentifier);
  }

  /** The nexus is no more. Its tokens live on: whoever has them may use them. */
  lose(nexus: Nexus): void {
    this.#results.delete(nexus);
  }

  #make(byteLength: number): Uint8Array {
    const { identity, random } = this.#options;
    const { naa, blockLength } = identity;
    const identifier = random.bytes(TOKEN_IDENTIFIER_LENGTH);
    const secret = random.bytes(TOKEN_SECRET_LENGTH);
    return encodeRodToken({ identifier, secret, naa, blockLength, byteLength });
  }

  #hold(nexus: Nexus, listIdentifier: number, result: Uint8Array): void {
    const results = this.#results.get(nexus) ?? new Map<number, Uint8Array>();
    this.#results.set(nexus, results);
    results.set(listIdentifier, result);
    const [oldest] = results.keys();
    if (results.size > CopyLimits.heldResults && oldest !== undefined) results.delete(oldest);
  }

  /** What is good no more goes before anything is refused. */
  #makeRoom(): void {
    this.#dropExpired();
    if (this.#tokens.size < CopyLimits.tokensPerUnit) return;
    for (const [key, token] of this.#tokens) if (token.isCancelled) this.#tokens.delete(key);
  }

  #dropExpired(): void {
    const now = this.#options.clock.now();
    for (const [key, token] of this.#tokens) {
      if (token.expiresAt > now) continue;
      this.#tokens.delete(key);
      if (!token.isCancelled) this.#live -= 1;
    }
  }
}

function touches({ ranges }: KnownToken, first: number, end: number): boolean {
  return ranges.some(({ lba, blocks }) => first < lba + blocks && lba < end);
}

function progressOf(bytes: number, blockLength: number): CopyProgress {
  return {
    operation: CopyOperationStatus.completed,
    serviceAction: ServiceAction.populateToken,
    commands: 0,
    segments: 0,
    bytes,
    blockLength,
    status: 0,
    sense: null,
  };
}
