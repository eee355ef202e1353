import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import type { Access, ChapSecrets } from '../../../src/iscsi/login/access.ts';
import { LoginStatus } from '../../../src/wire/iscsi/login-status.ts';
import { ChapClient, digestOf, hashes, hex, ONWARD, type Pairs, proof } from '../support/chap-client.ts';
import { assertServes, INITIATOR, type TestTarget, withTarget } from '../support/test-target.ts';

const NAME = 'host';
const SECRET = 'the initiators secret';
const TARGET_NAME = 'storage';
const TARGET_SECRET = 'the targets secret';

const secrets = (target: boolean): ChapSecrets => ({
  initiators: [
    { name: NAME, secret: Buffer.from(SECRET) },
    { name: 'renewed', secret: Buffer.from('the next secret') },
  ],
  target: target ? { name: TARGET_NAME, secret: Buffer.from(TARGET_SECRET) } : null,
});

/** INITIATOR has to prove itself; others need not. */
function chapAccess(mutual = true): Access {
  const own = secrets(mutual);
  return { chapOf: (name) => (name === INITIATOR ? own : null), permits: () => true };
}

const withChap = (body: (target: TestTarget) => Promise<void>, mutual = true) =>
  withTarget({ access: chapAccess(mutual) }, body);

for (const [number, hash] of Object.entries(hashes)) {
  test(`an initiator that knows the secret logs in by ${hash} (algorithm ${number})`, () =>
    withChap(async (target) => {
      const client = await ChapClient.connect(target);
      const challenge = await client.challenged(number);
      assert.equal(challenge.algorithm, Number(number));
      const { response } = await client.ask(proof(challenge, NAME, SECRET), ONWARD);
      assert.deepEqual([response.status, response.transit, response.nextStage], [0, true, 1]);
      assert((await client.finish()).response.tsih > 0);
      assert.deepEqual(
        target.portal.sessions().map(({ initiatorName }) => initiatorName),
        [INITIATOR],
      );
      client.connection.destroy();
    }));

  test(`the target proves itself by ${hash} too`, () =>
    withChap(async (target) => {
      const client = await ChapClient.connect(target);
      const challenge = await client.challenged(number);
      const ours = { ...challenge, identifier: 200, bytes: Buffer.alloc(24, 7) };
      const mutual: Pairs = [
        ['CHAP_I', '200'],
        ['CHAP_C', hex(ours.bytes)],
      ];
      const { keys, response } = await client.ask([...proof(challenge, NAME, SECRET), ...mutual], ONWARD);
      assert.equal(response.transit, true);
      assert.equal(keys.get('CHAP_N'), TARGET_NAME);
      assert.equal(keys.get('CHAP_R'), hex(digestOf(ours, TARGET_SECRET)));
      assert((await client.finish()).response.tsih > 0);
      client.connection.destroy();
    }));
}

test('of several algorithms the strongest is chosen, wherever it stands in the list', () =>
  withChap(async (target) => {
    for (const [list, chosen] of [
      ['5,6', 6],
      ['5,99,8,7', 8],
      ['7,5', 7],
      ['0x5', 5],
    ] as const) {
      const client = await ChapClient.connect(target);
      assert.equal((await client.challenged(list)).algorithm, chosen, list);
      client.connection.destroy();
    }
  }));

test('a secret that is being renewed counts beside the old one', () =>
  withChap(async (target) => {
    const client = await ChapClient.connect(target);
    const challenge = await client.challenged();
    const { response } = await client.ask(proof(challenge, 'renewed', 'the next secret'), ONWARD);
    assert.equal(response.status, 0);
    client.connection.destroy();
  }));

test('responses and challenges may be in Base64, and in capitals', () =>
  withChap(async (target) => {
    const client = await ChapClient.connect(target);
    const challenge = await client.challenged('7');
    const ours = { ...challenge, identifier: 0, bytes: Buffer.from('a challenge') };
    const { keys } = await client.ask([
      ['CHAP_N', NAME],
      ['CHAP_R', `0b${digestOf(challenge, SECRET).toString('base64')}`],
      ['CHAP_I', '0x0'],
      ['CHAP_C', `0X${ours.bytes.toString('hex').toUpperCase()}`],
    ]);
    assert.equal(keys.get('CHAP_R'), hex(digestOf(ours, TARGET_SECRET)));
    client.connection.destroy();
  }));

test('the initiator goes on with its response, or in a request of its own, and may skip the operational stage', () =>
  withChap(async (target) => {
    const waits = await ChapClient.connect(target);
    const answered = await waits.ask(proof(await waits.challenged(), NAME, SECRET));
    assert.deepEqual([answered.response.status, answered.response.transit], [0, false]);
    assert.equal((await waits.ask([], ONWARD)).response.transit, true);
    assert((await waits.finish()).response.tsih > 0);
    waits.connection.destroy();
    const skips = await ChapClient.connect(target);
    const toTheEnd = { transit: true, nextStage: 3 };
    const { response } = await skips.ask(proof(await skips.challenged(), NAME, SECRET), toTheEnd);
    assert(response.transit && response.tsih > 0);
    skips.connection.destroy();
  }));

test('who asks to go on before it has proved itself stays where it is', () =>
  withChap(async (target) => {
    const client = await ChapClient.connect(target);
    for (const nextStage of [1, 3]) {
      const impatient = { transit: true, nextStage };
      const asked = nextStage === 1 ? client.begin('CHAP', impatient) : client.ask([], impatient);
      const { response } = await asked;
      assert.deepEqual([response.status, response.transit, response.tsih], [0, false, 0]);
    }
    client.send([], { currentStage: 1, nextStage: 3, transit: true });
    await client.refused(LoginStatus.invalidDuringLogin);
    assert.deepEqual(target.portal.sessions(), []);
  }));

test('a discovery session has to prove itself as others do', () =>
  withChap(async (target) => {
    const stranger = await ChapClient.connect(target, INITIATOR, null);
    const { response } = await stranger.begin(null, { currentStage: 1, nextStage: 3, transit: true });
    assert.equal(response.status, LoginStatus.authenticationFailure);
    const client = await ChapClient.connect(target, INITIATOR, null);
    await client.ask(proof(await client.challenged(), NAME, SECRET), ONWARD);
    assert((await client.finish()).response.tsih > 0);
    client.connection.destroy();
  }));

/** First requests that are answered with 0x0201, and the connection closes. */
const beginnings: Record<string, { readonly methods: string | null; readonly changes?: object }> = {
  'no AuthMethod, and on to the operational stage': { methods: null, changes: ONWARD },
  'no AuthMethod, and on to the full feature phase': {
    methods: null,
    changes: { transit: true, nextStage: 3 },
  },
  'the operational stage at once': {
    methods: null,
    changes: { currentStage: 1, nextStage: 3, transit: true },
  },
  'AuthMethod in the operational stage': { methods: 'CHAP', changes: { currentStage: 1, nextStage: 3 } },
  'no authentication': { methods: 'None' },
  'methods that we do not have': { methods: 'KRB5,SRP,None' },
};

for (const [what, { methods, changes }] of Object.entries(beginnings)) {
  test(`refused with 0x0201: ${what}`, () =>
    withChap(async (target) => {
      const client = await ChapClient.connect(target);
      const { response } = await client.begin(methods, changes);
      assert.equal(response.status, LoginStatus.authenticationFailure);
      assert.equal(await client.connection.receive(), null);
      assert.deepEqual(target.portal.sessions(), []);
      await assertServes(target);
    }));
}

const firstSteps: Record<string, Pairs> = {
  'an algorithm that we do not have': [['CHAP_A', '1,2,99']],
  'an algorithm that is no number': [['CHAP_A', 'md5']],
  'no algorithm': [['CHAP_A', '']],
  'a response before a challenge': [
    ['CHAP_N', NAME],
    ['CHAP_R', hex(Buffer.alloc(16))],
  ],
  'algorithm and response in one step': [
    ['CHAP_A', '5'],
    ['CHAP_N', NAME],
    ['CHAP_R', hex(Buffer.alloc(16))],
  ],
  'the method once more': [['AuthMethod', 'CHAP']],
  'another method': [['AuthMethod', 'None']],
};

for (const [what, pairs] of Object.entries(firstSteps)) {
  test(`refused with 0x0201: ${what}`, () =>
    withChap(async (target) => {
      const client = await ChapClient.connect(target);
      await client.begin();
      client.send(pairs);
      await client.refused(LoginStatus.authenticationFailure);
      await assertServes(target);
    }));
}

type Respond = (right: Pairs, challenge: Awaited<ReturnType<ChapClient['challenged']>>) => Pairs;
const withR = (value: string): Pairs => [
  ['CHAP_N', NAME],
  ['CHAP_R', value],
];
const mutual = (identifier: string, challenge: string): Pairs => [
  ['CHAP_I', identifier],
  ['CHAP_C', challenge],
];

const responses: Record<string, Respond> = {
  'another secret': (_, challenge) => proof(challenge, NAME, 'another secret'),
  'another name': (_, challenge) => proof(challenge, 'hosts', SECRET),
  'the name of one secret with another': (_, challenge) => proof(challenge, 'renewed', SECRET),
  'the target’s own name and secret': (_, challenge) => proof(challenge, TARGET_NAME, TARGET_SECRET),
  'the response to another identifier': (_, challenge) =>
    proof({ ...challenge, identifier: challenge.identifier ^ 1 }, NAME, SECRET),
  'the response of another algorithm': (_, challenge) => proof({ ...challenge, algorithm: 7 }, NAME, SECRET),
  'a response that is too short': (_, challenge) => withR(hex(digestOf(challenge, SECRET).subarray(0, 15))),
  'a response that is too long': (_, challenge) => withR(`${hex(digestOf(challenge, SECRET))}00`),
  'an empty response': () => withR('0x'),
  'a response that is no binary value': () => withR('a response'),
  'half a byte': (_, challenge) => withR(hex(digestOf(challenge, SECRET)).slice(0, -1)),
  'digits that are none': (_, challenge) => withR(`${hex(digestOf(challenge, SECRET)).slice(0, -2)}zz`),
  'Base64 that is none': (_, challenge) =>
    withR(`0b${digestOf(challenge, SECRET).toString('base64').replace('=', '!')}`),
  'no response': () => [['CHAP_N', NAME]],
  'no name': ([, response = ['', '']]) => [response],
  'the algorithm once more': () => [['CHAP_A', '5']],
  'a right response with the algorithm once more': (right) => [...right, ['CHAP_A', '5']],
  'an identifier beyond a byte': (right) => [...right, ...mutual('256', '0x0011')],
  'a negative identifier': (right) => [...right, ...mutual('-1', '0x0011')],
  'an identifier that is no number': (right) => [...right, ...mutual('x', '0x0011')],
  'an identifier without a challenge': (right) => [...right, ['CHAP_I', '1']],
  'a challenge without an identifier': (right) => [...right, ['CHAP_C', '0x0011']],
  'an empty challenge': (right) => [...right, ...mutual('1', '0x')],
  'a challenge that is too long': (right) => [...right, ...mutual('1', hex(Buffer.alloc(1025)))],
  'our own challenge sent back': (right, { bytes }) => [...right, ...mutual('1', hex(bytes))],
  'our own challenge sent back in Base64': (right, { bytes }) => [
    ...right,
    ...mutual('1', `0b${bytes.toString('base64')}`),
  ],
};

for (const [what, respond] of Object.entries(responses)) {
  test(`refused with 0x0201: ${what}`, () =>
    withChap(async (target) => {
      const client = await ChapClient.connect(target);
      const challenge = await client.challenged();
      client.send(respond(proof(challenge, NAME, SECRET), challenge), ONWARD);
      await client.refused(LoginStatus.authenticationFailure);
      assert.deepEqual(target.portal.sessions(), []);
      await assertServes(target);
    }));
}

test('a challenge of 1024 bytes is answered', () =>
  withChap(async (target) => {
    const client = await ChapClient.connect(target);
    const challenge = await client.challenged();
    const long = hex(Buffer.alloc(1024, 1));
    const { response } = await client.ask([...proof(challenge, NAME, SECRET), ...mutual('1', long)]);
    assert.equal(response.status, 0);
    client.connection.destroy();
  }));

test('a target without a secret of its own refuses to be asked for it', () =>
  withChap(async (target) => {
    const client = await ChapClient.connect(target);
    const challenge = await client.challenged();
    client.send([...proof(challenge, NAME, SECRET), ...mutual('1', '0x0011')]);
    await client.refused(LoginStatus.authenticationFailure);
  }, false));

test('a step that is sent before the one before it is answered meets a challenge that it does not know', () =>
  withChap(async (target) => {
    const client = await ChapClient.connect(target);
    await client.begin();
    client.send([['CHAP_A', '5']]);
    client.send(proof({ algorithm: 5, identifier: 0, bytes: Buffer.alloc(16) }, NAME, SECRET), ONWARD);
    const challenge = await client.receive();
    assert.equal(challenge.response.status, 0);
    await client.refused(LoginStatus.authenticationFailure);
    await assertServes(target);
  }));

test('security keys behind a finished authentication are refused', () =>
  withChap(async (target) => {
    for (const pairs of [[['AuthMethod', 'CHAP']], [['CHAP_A', '5']]] as const) {
      const client = await ChapClient.connect(target);
      const challenge = await client.challenged();
      await client.ask(proof(challenge, NAME, SECRET));
      client.send(pairs);
      await client.refused(LoginStatus.authenticationFailure);
    }
  }));

test('another initiator or target name behind the authentication is refused, the same one is not', () =>
  withChap(async (target) => {
    const { targetName = '' } = target.ports[0] ?? {};
    const last = { currentStage: 1, nextStage: 3, transit: true };
    const names = (initiator: string, to: string): Pairs => [
      ['InitiatorName', initiator],
      ['TargetName', to],
      ['SessionType', 'Normal'],
      ['InitiatorAlias', 'again'],
    ];
    const logIn = async (pairs: Pairs) => {
      const client = await ChapClient.connect(target);
      await client.ask(proof(await client.challenged(), NAME, SECRET), ONWARD);
      const { response } = await client.ask(pairs, last);
      client.connection.destroy();
      return response.status;
    };
    assert.equal(await logIn(names(INITIATOR, targetName)), LoginStatus.success);
    assert.equal(await logIn(names('iqn.2026-11.test:other', targetName)), LoginStatus.initiatorError);
    assert.equal(await logIn(names(INITIATOR, 'iqn.2026-11.test:other')), LoginStatus.initiatorError);
  }));

test('every challenge is fresh, and no response counts for another', () =>
  withChap(async (target) => {
    const first = await ChapClient.connect(target);
    const challenge = await first.challenged();
    const recorded = proof(challenge, NAME, SECRET);
    await first.ask(recorded, ONWARD);
    const seen = new Set([challenge.bytes.toString('hex')]);
    for (let times = 0; times < 20; times += 1) {
      const client = await ChapClient.connect(target);
      seen.add((await client.challenged()).bytes.toString('hex'));
      client.send(recorded, ONWARD);
      await client.refused(LoginStatus.authenticationFailure);
    }
    assert.equal(seen.size, 21);
    first.connection.destroy();
  }));

test('challenges are the random source’s bytes, as many as a response has', async () => {
  const env = nodeEnv();
  const asked: number[] = [];
  const random = {
    bytes: (length: number) => {
      asked.push(length);
      return new Uint8Array(length).fill(0x5a);
    },
  };
  await withTarget({ access: chapAccess(), env: { ...env, random } }, async (target) => {
    const client = await ChapClient.connect(target);
    const { identifier, bytes } = await client.challenged('7');
    assert.deepEqual([identifier, bytes], [0x5a, Buffer.alloc(32, 0x5a)]);
    assert.deepEqual(asked, [1, 32]);
    client.connection.destroy();
  });
});

test('nothing that is secret, and no response, is logged', async () => {
  const lines: string[] = [];
  const say = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: say, info: say, warn: say, error: say };
  await withTarget({ access: chapAccess(), log }, async (target) => {
    const wrong = await ChapClient.connect(target);
    const told = proof(await wrong.challenged(), NAME, 'a wrong secret');
    wrong.send(told, ONWARD);
    await wrong.refused(LoginStatus.authenticationFailure);
    const right = await ChapClient.connect(target);
    await right.ask(proof(await right.challenged(), NAME, SECRET), ONWARD);
    await right.finish();
    right.connection.destroy();
    const all = lines.join('\n');
    assert.match(all, /login refused: a wrong CHAP name or secret/);
    for (const word of [SECRET, TARGET_SECRET, 'a wrong secret', told[1]?.[1].slice(2) ?? '?']) {
      assert(!all.includes(word), word);
      assert(!all.includes(Buffer.from(word).toString('hex')), word);
    }
  });
});
