/** The initiator's side of CHAP, made by hand from RFC 1994 and RFC 7143 12.1.3, so that the target's own proves nothing to itself. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { loginRequest, receiveLogin, sendLogin, usualKeys } from '../../../client/login.ts';
import type { PduConnection } from '../../../client/pdu-connection.ts';
import type { LoginRequest } from '../../../src/wire/iscsi/login-request.ts';
import type { LoginResponse } from '../../../src/wire/iscsi/login-response.ts';
import { decodePairs } from '../../../src/wire/iscsi/text.ts';
import { INITIATOR, type TestTarget } from './test-target.ts';

export type Pairs = readonly (readonly [string, string])[];

/** By their numbers at IANA. */
export const hashes: Readonly<Record<number, string>> = { 5: 'md5', 6: 'sha1', 7: 'sha256', 8: 'sha3-256' };

export interface ReceivedChallenge {
  readonly algorithm: number;
  readonly identifier: number;
  readonly bytes: Buffer;
}

export interface Answer {
  readonly response: LoginResponse;
  readonly keys: ReadonlyMap<string, string>;
}

const SECURITY = { currentStage: 0, nextStage: 1, transit: false };
export const ONWARD = { transit: true };
const names = ['InitiatorName', 'TargetName', 'SessionType'];

/** One connection in its security stage. */
export class ChapClient {
  readonly connection: PduConnection;
  readonly #names: Pairs;
  readonly #operational: Pairs;

  private constructor(connection: PduConnection, initiatorName: string, targetName: string | null) {
    this.connection = connection;
    const pairs = usualKeys({ initiatorName, targetName });
    this.#names = pairs.filter(([key]) => names.includes(key));
    this.#operational = pairs.filter(([key]) => !names.includes(key));
  }

  /** `targetName`: the target's first port where not given; null for a discovery session. */
  static async connect(
    target: TestTarget,
    initiatorName: string = INITIATOR,
    targetName: string | null = target.ports[0]?.targetName ?? null,
  ): Promise<ChapClient> {
    return new ChapClient(await target.connect(), initiatorName, targetName);
  }

  send(pairs: Pairs, changes: Partial<LoginRequest> = {}): void {
    sendLogin(this.connection, loginRequest({ ...SECURITY, ...changes }), pairs);
  }

  async receive(): Promise<Answer> {
    const { response, text } = await receiveLogin(this.connection);
    return { response, keys: new Map(decodePairs(text)) };
  }

  ask(pairs: Pairs, changes: Partial<LoginRequest> = {}): Promise<Answer> {
    this.send(pairs, changes);
    return this.receive();
  }

  /** The first request. */
  begin(methods: string | null = 'CHAP,None', changes: Partial<LoginRequest> = {}): Promise<Answer> {
    const method: Pairs = methods === null ? [] : [['AuthMethod', methods]];
    return this.ask([...this.#names, ...method], changes);
  }

  /** Up to the target's challenge. */
  async challenged(algorithms = '5'): Promise<ReceivedChallenge> {
    assert.equal((await this.begin()).keys.get('AuthMethod'), 'CHAP');
    return this.challengedBy(algorithms);
  }

  async challengedBy(algorithms: string, changes: Partial<LoginRequest> = {}): Promise<ReceivedChallenge> {
    const { response, keys } = await this.ask([['CHAP_A', algorithms]], changes);
    assert.equal(response.transit, false);
    return challengeOf(keys);
  }

  /** The operational stage, and so the full feature phase. */
  finish(): Promise<Answer> {
    return this.ask(this.#operational, { currentStage: 1, nextStage: 3, transit: true });
  }

  /** Refused with this status, and the connection closes. */
  async refused(status: number, what?: string): Promise<void> {
    assert.equal((await this.receive()).response.status, status, what);
    assert.equal(await this.connection.receive(), null, what);
  }
}

export function challengeOf(keys: ReadonlyMap<string, string>): ReceivedChallenge {
  const bytes = keys.get('CHAP_C') ?? '';
  assert.match(bytes, /^0x([0-9a-f]{2})+$/);
  return {
    algorithm: Number(keys.get('CHAP_A')),
    identifier: Number(keys.get('CHAP_I')),
    bytes: Buffer.from(bytes.slice(2), 'hex'),
  };
}

export function digestOf({ algorithm, identifier, bytes }: ReceivedChallenge, secret: string): Buffer {
  const input = Buffer.concat([Buffer.of(identifier), Buffer.from(secret), bytes]);
  return createHash(hashes[algorithm] ?? '')
    .update(input)
    .digest();
}

/** CHAP_N and CHAP_R. */
export function proof(challenge: ReceivedChallenge, name: string, secret: string): Pairs {
  return [
    ['CHAP_N', name],
    ['CHAP_R', hex(digestOf(challenge, secret))],
  ];
}

export function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
