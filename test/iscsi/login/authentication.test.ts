import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { loginRequest } from '../../../client/login.ts';
import { Login } from '../../../src/iscsi/login/login.ts';
import { decodePairs, encodeText } from '../../../src/wire/iscsi/text.ts';
import { testPort } from '../../support/scsi.ts';
import { digestOf, hex, proof } from '../support/chap-client.ts';

const port = testPort();
const NAME = 'n';
const SECRET = 'nobody guesses this';
const names: [string, string][] = [
  ['InitiatorName', 'iqn.2026-11.test:one'],
  ['TargetName', port.targetName],
];

function newLogin(): Login {
  const secrets = {
    initiators: [{ name: NAME, secret: Buffer.from(SECRET) }],
    target: { name: 't', secret: Buffer.from('the target has another') },
  };
  return new Login({
    findPort: () => port,
    findSession: () => null,
    movedTo: () => undefined,
    access: { chapOf: () => secrets, permits: () => true },
    random: { bytes: (length) => randomBytes(length) },
  });
}

const hexOf = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength }).map(hex);
/** Steps as they ought to be, but for the secret; and anything else in any place. */
const keys = fc.oneof(
  fc.constant('nothing' as const),
  fc.constantFrom('CHAP', 'None', 'CHAP,None').map((method): [string, string][] => [['AuthMethod', method]]),
  fc.constantFrom('5', '7', '5,6,7,8').map((list): [string, string][] => [['CHAP_A', list]]),
  fc.constant('response' as const),
  fc.constant('mutual response' as const),
  fc.array(
    fc.oneof(
      fc.tuple(
        fc.constantFrom('AuthMethod', 'CHAP_A', 'CHAP_I'),
        fc.constantFrom('CHAP', 'None', '5', '7', '0'),
      ),
      fc.tuple(fc.constantFrom('CHAP_R', 'CHAP_C'), hexOf(0, 33)),
      fc.tuple(fc.constant('CHAP_N'), fc.constantFrom(NAME, 't', '')),
      fc.tuple(fc.constantFrom('HeaderDigest', 'InitialR2T'), fc.constantFrom('None', 'No')),
    ),
    { maxLength: 6 },
  ),
);
const request = fc.record({
  keys,
  transit: fc.boolean(),
  currentStage: fc.constantFrom(0, 0, 0, 1),
  nextStage: fc.constantFrom(1, 3),
});

test('no sequence of requests leads past authentication without the secret', () => {
  let challenges = 0;
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 8 }), (requests) => {
      const login = newLogin();
      let challenge = { algorithm: 5, identifier: 0, bytes: Buffer.alloc(16) };
      for (const [place, { keys: wanted, ...flags }] of requests.entries()) {
        const guess = proof(challenge, NAME, 'something else');
        const reflected: [string, string][] = [
          ['CHAP_I', String(challenge.identifier)],
          ['CHAP_C', hex(challenge.bytes)],
        ];
        const pairs =
          wanted === 'nothing'
            ? []
            : wanted === 'response'
              ? guess
              : wanted === 'mutual response'
                ? [...guess, ...reflected]
                : wanted;
        const text = encodeText(place === 0 ? [...names, ...pairs] : pairs);
        const step = login.request(loginRequest(flags), text);
        assert.notEqual(step.kind, 'finish');
        if (step.kind === 'refuse') return;
        assert.equal(step.kind === 'answer' && step.transit, false, 'no stage is left');
        const answers = new Map(decodePairs(step.text));
        assert.equal(answers.has('CHAP_R'), false, 'the target proves nothing to a stranger');
        const bytes = answers.get('CHAP_C');
        if (bytes === undefined) continue;
        challenges += 1;
        challenge = {
          algorithm: Number(answers.get('CHAP_A')),
          identifier: Number(answers.get('CHAP_I')),
          bytes: Buffer.from(bytes.slice(2), 'hex'),
        };
      }
    }),
    { numRuns: 5000 },
  );
  assert(challenges > 20, 'some of them get as far as a challenge');
});

test('with the secret, it does', () => {
  const login = newLogin();
  const security = { currentStage: 0, nextStage: 3 };
  const ask = (pairs: readonly (readonly [string, string])[], transit = false) =>
    login.request(loginRequest({ ...security, transit }), encodeText(pairs));
  ask([...names, ['AuthMethod', 'CHAP']]);
  const step = ask([['CHAP_A', '8']]);
  assert(step.kind === 'answer');
  const answers = new Map(decodePairs(step.text));
  const challenge = {
    algorithm: 8,
    identifier: Number(answers.get('CHAP_I')),
    bytes: Buffer.from((answers.get('CHAP_C') ?? '').slice(2), 'hex'),
  };
  assert.equal(digestOf(challenge, SECRET).length, 32);
  assert.equal(ask(proof(challenge, NAME, SECRET), true).kind, 'finish');
});
