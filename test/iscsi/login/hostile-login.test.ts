/** Logins that are wrong, broken or many, over real sockets: each is told why, its connection closes, and others are served (BEHAVIOURS: hostile input). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loginRequest, receiveLogin, sendLogin, usualKeys } from '../../../client/login.ts';
import type { PduConnection } from '../../../client/pdu-connection.ts';
import { IscsiLimits } from '../../../src/limits.ts';
import { BHS_LENGTH } from '../../../src/wire/iscsi/bhs.ts';
import { encodeLoginRequest, type LoginRequest } from '../../../src/wire/iscsi/login-request.ts';
import { LoginStatus } from '../../../src/wire/iscsi/login-status.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { encodeText } from '../../../src/wire/iscsi/text.ts';
import { silentLog, testPort } from '../../support/scsi.ts';
import { assertServes, INITIATOR, type TestTarget, withTarget } from '../support/test-target.ts';

type Pairs = readonly (readonly [string, string])[];
/** Requests but the last are answered without an error. */
type Requests = readonly { readonly changes?: Partial<LoginRequest>; readonly text: Pairs | Uint8Array }[];

const names: Pairs = usualKeys({ initiatorName: INITIATOR, targetName: testPort().targetName }).filter(
  ([key]) => ['InitiatorName', 'TargetName', 'SessionType'].includes(key),
);
const stay = { transit: false };
const more = { transit: false, continues: true };
const many = (count: number): Pairs => Array.from({ length: count }, (_, index) => [`X-${index}`, 'x']);
const bytes = (text: string) => new TextEncoder().encode(text);
const named = (text: string) => bytes(`${new TextDecoder().decode(encodeText(names))}${text}`);

const { initiatorError, invalidDuringLogin, missingParameter, notFound, unsupportedVersion } = LoginStatus;
const { sessionTypeNotSupported, sessionDoesNotExist, authenticationFailure } = LoginStatus;

const refusals: Record<string, { readonly status: number; readonly requests: Requests }> = {
  'no keys at all': { status: missingParameter, requests: [{ text: [] }] },
  'no initiator': { status: missingParameter, requests: [{ text: names.slice(1) }] },
  'no target': { status: missingParameter, requests: [{ text: [['InitiatorName', INITIATOR]] }] },
  'a target that is not here': {
    status: notFound,
    requests: [
      {
        text: [
          ['InitiatorName', INITIATOR],
          ['TargetName', 'iqn.2026-11.test:no'],
        ],
      },
    ],
  },
  'a target name that is none': {
    status: notFound,
    requests: [
      {
        text: [
          ['InitiatorName', INITIATOR],
          ['TargetName', '\u0001'],
        ],
      },
    ],
  },
  'an initiator name that is none': {
    status: initiatorError,
    requests: [{ text: [['InitiatorName', 'host']] }],
  },
  'an initiator name of 224 bytes': {
    status: initiatorError,
    requests: [{ text: [['InitiatorName', `iqn.${'x'.repeat(220)}`]] }],
  },
  'another kind of session': {
    status: sessionTypeNotSupported,
    requests: [
      {
        text: [
          ['InitiatorName', INITIATOR],
          ['SessionType', 'Boot'],
        ],
      },
    ],
  },
  'a version to come': {
    status: unsupportedVersion,
    requests: [{ changes: { versionMin: 1 }, text: names }],
  },
  'a session that there is not': {
    status: sessionDoesNotExist,
    requests: [{ changes: { tsih: 77 }, text: names }],
  },
  'a pair without an end': { status: initiatorError, requests: [{ text: named('X-a=1') }] },
  'a pair without a key': { status: initiatorError, requests: [{ text: named('=1\0') }] },
  'a pair without a value': { status: initiatorError, requests: [{ text: named('X-a\0') }] },
  'a key of 64 bytes': { status: initiatorError, requests: [{ text: named(`${'K'.repeat(64)}=1\0`) }] },
  'a key of other characters': { status: initiatorError, requests: [{ text: named('X a=1\0') }] },
  'bytes that are no text': {
    status: initiatorError,
    requests: [{ text: Uint8Array.from({ length: 512 }, (_, index) => (index * 37) & 0xff) }],
  },
  'a key twice in one text': { status: initiatorError, requests: [{ text: named('X-a=1\0X-a=1\0') }] },
  'a key twice in one login': {
    status: initiatorError,
    requests: [
      { changes: stay, text: [...names, ['InitialR2T', 'No']] },
      { changes: stay, text: [['InitialR2T', 'Yes']] },
    ],
  },
  'more keys than there may be in one text': {
    status: initiatorError,
    requests: [{ text: [...names, ...many(IscsiLimits.maxTextKeys)] }],
  },
  'more keys than there may be in one login': {
    status: initiatorError,
    requests: [
      { changes: stay, text: [...names, ...many(IscsiLimits.maxTextKeys - 3)] },
      {
        changes: stay,
        text: [
          ['X-one', '1'],
          ['X-more', '1'],
          ['X-than', '1'],
          ['X-enough', '1'],
        ],
      },
    ],
  },
  'a text without end': {
    status: initiatorError,
    requests: [
      { changes: more, text: new Uint8Array(8192).fill(0x41) },
      { changes: more, text: new Uint8Array(8192).fill(0x41) },
      { changes: more, text: bytes('A') },
    ],
  },
  'a value that is too long': {
    status: initiatorError,
    requests: [
      { changes: more, text: named('X-a=') },
      { changes: more, text: new Uint8Array(8192).fill(0x41) },
      { text: bytes('A\0') },
    ],
  },
  'both the end of a stage and a text that goes on': {
    status: initiatorError,
    requests: [{ changes: { continues: true }, text: names }],
  },
  'back to an earlier stage': {
    status: initiatorError,
    requests: [{ changes: { nextStage: 0 }, text: names }],
  },
  'to the same stage': { status: initiatorError, requests: [{ changes: { nextStage: 1 }, text: names }] },
  'to a stage that there is not': {
    status: initiatorError,
    requests: [{ changes: { nextStage: 2 }, text: names }],
  },
  'from a stage that there is not': {
    status: invalidDuringLogin,
    requests: [{ changes: { currentStage: 2 }, text: names }],
  },
  'from the full feature phase': {
    status: invalidDuringLogin,
    requests: [{ changes: { currentStage: 3 }, text: names }],
  },
  'a stage that was left': {
    status: invalidDuringLogin,
    requests: [
      { changes: { currentStage: 0, nextStage: 1 }, text: names },
      { changes: { currentStage: 0, nextStage: 1 }, text: [] },
    ],
  },
  'another initiator port in the middle': {
    status: initiatorError,
    requests: [
      { changes: stay, text: names },
      { changes: { isid: '800000000099' }, text: [] },
    ],
  },
  'another connection in the middle': {
    status: initiatorError,
    requests: [
      { changes: stay, text: names },
      { changes: { connectionId: 9 }, text: [] },
    ],
  },
  'another session in the middle': {
    status: initiatorError,
    requests: [
      { changes: stay, text: names },
      { changes: { tsih: 9 }, text: [] },
    ],
  },
  'another initiator in the middle': {
    status: initiatorError,
    requests: [{ changes: stay, text: names }, { text: [['InitiatorName', 'iqn.2026-11.test:other']] }],
  },
  'another kind of session in the middle': {
    status: initiatorError,
    requests: [{ changes: stay, text: names }, { text: [['SessionType', 'Discovery']] }],
  },
  'CHAP keys where nobody asked': {
    status: authenticationFailure,
    requests: [{ changes: { currentStage: 0, nextStage: 1 }, text: [...names, ['CHAP_A', '5']] }],
  },
  'a method twice': {
    status: authenticationFailure,
    requests: [
      {
        changes: { currentStage: 0, nextStage: 1, transit: false },
        text: [...names, ['AuthMethod', 'None']],
      },
      { changes: { currentStage: 0, nextStage: 1 }, text: [['AuthMethod', 'None']] },
    ],
  },
};

for (const [what, { status, requests }] of Object.entries(refusals)) {
  test(`a login with ${what} is refused, and others are served`, () =>
    withTarget({}, async (target) => {
      const connection = await target.connect();
      for (const [place, { changes, text }] of requests.entries()) {
        sendLogin(connection, loginRequest(changes), text);
        const { response } = await receiveLogin(connection);
        const wanted = place === requests.length - 1 ? status : LoginStatus.success;
        assert.equal(response.status, wanted, `request ${place}`);
        if (wanted !== LoginStatus.success)
          assert.deepEqual([response.transit, response.tsih], [false, changes?.tsih ?? 0]);
      }
      assert.equal(await connection.receive(), null);
      assert.deepEqual(target.portal.sessions(), []);
      assert.equal(target.pool.leasedBytes, 0);
      await assertServes(target);
    }));
}

test('keys while an answer goes on are refused', () =>
  withTarget({}, async (target) => {
    const connection = await target.connect();
    const long = Array.from({ length: 240 }, (_, index): [string, string] => [
      `X-a-key-with-a-long-name-${index}`,
      'x',
    ]);
    sendLogin(connection, loginRequest(), [...names, ...long]);
    assert.equal((await receiveLogin(connection)).response.continues, true);
    sendLogin(connection, loginRequest(), [['X-b', '1']]);
    await refused(connection, LoginStatus.initiatorError);
    await assertServes(target);
  }));

test('additional headers have no place in a login', () =>
  withTarget({}, async (target) => {
    for (const words of [1, 255]) {
      const connection = await target.connect();
      const header = new Uint8Array(BHS_LENGTH + words * 4).fill(0xff, BHS_LENGTH);
      const text = encodeText(names);
      encodeLoginRequest({ ...loginRequest(), dataSegmentLength: text.length }, header);
      header[4] = words;
      connection.send(header, text);
      await refused(connection, LoginStatus.initiatorError);
    }
    await assertServes(target);
  }));

const requestOpcodes = Object.entries(Opcode).filter(
  ([name, code]) => code < 0x20 && name !== 'loginRequest',
);

test('every other request before the login is refused with 0x020b, in its middle too', () =>
  withTarget({}, async (target) => {
    for (const [name, code] of requestOpcodes) {
      for (const begun of [false, true]) {
        const connection = await target.connect();
        if (begun) {
          sendLogin(connection, loginRequest(stay), names);
          assert.equal((await receiveLogin(connection)).response.status, LoginStatus.success);
        }
        const header = new Uint8Array(BHS_LENGTH);
        header.set([code, 0x80]);
        connection.send(header);
        assert.equal((await receiveLogin(connection)).response.status, invalidDuringLogin, name);
        assert.equal(await connection.receive(), null);
      }
    }
    await assertServes(target);
  }));

test('the longest data segment that there is closes the connection in its header', () =>
  withTarget({}, async (target) => {
    for (const dataSegmentLength of [IscsiLimits.loginDataSegmentLength + 1, 0xffffff]) {
      const connection = await target.connect();
      const header = new Uint8Array(BHS_LENGTH);
      encodeLoginRequest({ ...loginRequest(), dataSegmentLength }, header);
      connection.send(header);
      assert.equal(await connection.receive(), null);
    }
    await assertServes(target);
  }));

test('a flood from one address is told that there is no room, and there is again when it has gone', () =>
  withTarget({}, async (target) => {
    const flood: PduConnection[] = [];
    for (let count = 0; count < IscsiLimits.maxConnectionsPerAddress; count += 1)
      flood.push(await target.connect());
    const refusedOne = await target.connect();
    sendLogin(refusedOne, loginRequest(), names);
    await refused(refusedOne, LoginStatus.outOfResources);
    const one = flood.pop();
    sendLogin(one as PduConnection, loginRequest(), names);
    assert.equal(
      (await receiveLogin(one as PduConnection)).response.status,
      LoginStatus.success,
      'who was there first',
    );
    for (const connection of [...flood, one]) connection?.destroy();
    // The target hears of it a little later than we do.
    while (!(await hasRoom(target)));
    await assertServes(target);
  }));

test('no login whatever stops the target, and none gets in without the secret', async () => {
  const secrets = { initiators: [{ name: 'n', secret: new Uint8Array(16).fill(7) }], target: null };
  const access = { chapOf: (name: string) => (name === INITIATOR ? secrets : null), permits: () => true };
  const errors: object[] = [];
  const log = { ...silentLog, error: (fields: object) => void errors.push(fields) };
  await withTarget({ access, log }, async (target) => {
    const value = fc.oneof(
      fc.constantFrom('CHAP', 'None', '5', '5,7', '0', '255', '256', '0x', '0b', '0xzz', '0b====', ''),
      fc.uint8Array({ maxLength: 40 }).map((some) => `0x${Buffer.from(some).toString('hex')}`),
      fc.base64String({ maxLength: 40 }).map((some) => `0b${some}`),
      fc.string({ maxLength: 20, unit: 'binary' }),
    );
    const key = fc.constantFrom(
      'AuthMethod',
      'CHAP_A',
      'CHAP_I',
      'CHAP_C',
      'CHAP_N',
      'CHAP_R',
      'MaxBurstLength',
    );
    const request = fc.record({
      pairs: fc.array(fc.tuple(key, value), { maxLength: 4 }),
      changes: fc.record({
        transit: fc.boolean(),
        continues: fc.constantFrom(false, false, false, true),
        currentStage: fc.constantFrom(0, 0, 1, 2),
        nextStage: fc.integer({ min: 0, max: 3 }),
      }),
    });
    const conversation = fc.array(request, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(conversation, async (requests) => {
        const connection = await target.connect();
        for (const [place, { pairs, changes }] of requests.entries()) {
          sendLogin(connection, loginRequest(changes), place === 0 ? [...names, ...pairs] : pairs);
        }
        const answers = requests.map(() => connection.receive());
        // Whoever is told nothing more has been told why, or waits for its text to be whole.
        const last = await Promise.race([answers.at(-1), connection.closed]);
        assert(last === undefined || last === null || last.opcode === Opcode.loginResponse);
        assert.deepEqual(target.portal.sessions(), []);
        connection.destroy();
      }),
      { numRuns: 100 },
    );
    assert.deepEqual(errors, []);
    await assertServes(target);
  });
});

async function hasRoom(target: TestTarget): Promise<boolean> {
  const connection = await target.connect();
  sendLogin(connection, loginRequest(), names);
  const { status } = (await receiveLogin(connection)).response;
  connection.destroy();
  if (status !== LoginStatus.outOfResources) assert.equal(status, LoginStatus.success);
  return status === LoginStatus.success;
}

async function refused(connection: PduConnection, status: number): Promise<void> {
  assert.equal((await receiveLogin(connection)).response.status, status);
  assert.equal(await connection.receive(), null);
}
