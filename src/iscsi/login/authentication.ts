/**
 * The security negotiation of a login (RFC 7143 6.3.2, 12.1) as a state machine: the security keys of a text in, their
 * answers out. It moves on receipt, whatever comes of the step, so that no challenge is answered twice.
 */
import type { Random } from '../../env/random.ts';
import { IscsiLimits } from '../../limits.ts';
import type { TextKeys } from '../../wire/iscsi/text.ts';
import type { ChapSecrets } from './access.ts';
import { type Challenge, chooseAlgorithm, isProof, responseTo } from './chap.ts';
import { encodeBinary, parseBinary, parseNumberWithin } from './key-values.ts';

const securityKeys = ['AuthMethod', 'CHAP_A', 'CHAP_N', 'CHAP_R', 'CHAP_I', 'CHAP_C'];

export function isSecurityKey(key: string): boolean {
  return securityKeys.includes(key);
}

type State = 'method' | 'algorithm' | 'response' | 'over';

export class Authentication {
  readonly #secrets: ChapSecrets | null;
  readonly #random: Random;
  #state: State = 'method';
  #challenge: Challenge | null = null;
  #proven = false;

  /** `secrets`: by what the initiator has to prove itself; null: it need not. */
  constructor(secrets: ChapSecrets | null, random: Random) {
    this.#secrets = secrets;
    this.#random = random;
  }

  /** The initiator has proved itself, or need not. */
  get isDone(): boolean {
    return this.#secrets === null || this.#proven;
  }

  /** Nothing has been said of authentication. */
  get isUntouched(): boolean {
    return this.#state === 'method';
  }

  /** Adds to `answers`, or gives why the login has failed. */
  request(keys: TextKeys, answers: [string, string][]): string | null {
    const given = [...keys.keys()].filter(isSecurityKey);
    if (given.length === 0) return null;
    const state = this.#state;
    switch (state) {
      case 'method':
        return only(given, ['AuthMethod']) ?? this.#chooseMethod(keys.get('AuthMethod') ?? '', answers);
      case 'algorithm':
        return only(given, ['CHAP_A']) ?? this.#sendChallenge(keys.get('CHAP_A') ?? '', answers);
      case 'response':
        return this.#respond(keys, given, answers);
      case 'over':
        return 'security keys after authentication';
      default:
        return state satisfies never;
    }
  }

  #chooseMethod(offered: string, answers: [string, string][]): string | null {
    const method = this.#secrets === null ? 'None' : 'CHAP';
    this.#state = method === 'CHAP' ? 'algorithm' : 'over';
    if (!offered.split(',').includes(method)) return `only AuthMethod=${method} will do`;
    answers.push(['AuthMethod', method]);
    return null;
  }

  #sendChallenge(list: string, answers: [string, string][]): string | null {
    this.#state = 'over';
    const algorithm = chooseAlgorithm(list);
    if (algorithm === null) return 'no CHAP algorithm that we have';
    const [identifier = 0] = this.#random.bytes(1);
    this.#challenge = { algorithm, identifier, bytes: this.#random.bytes(algorithm.length) };
    this.#state = 'response';
    answers.push(['CHAP_A', String(algorithm.number)]);
    answers.push(['CHAP_I', String(identifier)]);
    answers.push(['CHAP_C', encodeBinary(this.#challenge.bytes)]);
    return null;
  }

  #respond(keys: TextKeys, given: readonly string[], answers: [string, string][]): string | null {
    this.#state = 'over';
    const challenge = this.#challenge;
    if (challenge === null || this.#secrets === null) return 'a response without a challenge';
    const expected = given.includes('CHAP_I') || given.includes('CHAP_C') ? mutualKeys : oneWayKeys;
    const wrong = only(given, expected);
    if (wrong !== null) return wrong;
    const response = parseBinary(keys.get('CHAP_R') ?? '');
    if (response === null) return 'a CHAP_R that is none';
    if (!isProof(challenge, this.#secrets.initiators, keys.get('CHAP_N') ?? '', response)) {
      return 'a wrong CHAP name or secret';
    }
    if (expected === mutualKeys) {
      const failure = this.#proveOurselves(challenge, keys, answers);
      if (failure !== null) return failure;
    }
    this.#proven = true;
    return null;
  }

  #proveOurselves(asked: Challenge, keys: TextKeys, answers: [string, string][]): string | null {
    const target = this.#secrets?.target ?? null;
    if (target === null) return 'the target is to prove itself, and has no secret for that';
    const identifier = parseNumberWithin(keys.get('CHAP_I') ?? '', 0, 255);
    if (identifier === null) return 'a CHAP_I out of range';
    const bytes = parseBinary(keys.get('CHAP_C') ?? '');
    if (bytes === null || bytes.length === 0 || bytes.length > IscsiLimits.maxChapChallengeBytes) {
      return 'a CHAP_C that is none';
    }
    // RFC 7143 9.2.1: who sends our own challenge back wants us to answer it.
    if (Buffer.compare(bytes, asked.bytes) === 0) return 'our own challenge sent back';
    const response = responseTo({ algorithm: asked.algorithm, identifier, bytes }, target.secret);
    answers.push(['CHAP_N', target.name]);
    answers.push(['CHAP_R', encodeBinary(response)]);
    return null;
  }
}

const oneWayKeys = ['CHAP_N', 'CHAP_R'];
const mutualKeys = [...oneWayKeys, 'CHAP_I', 'CHAP_C'];

/** A step has its own keys, all of them and no others. */
function only(given: readonly string[], expected: readonly string[]): string | null {
  const right = given.length === expected.length && expected.every((key) => given.includes(key));
  return right ? null : `${given.join(', ')} where ${expected.join(', ')} ought to be`;
}
