import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { loginRequest } from '../../../client/login.ts';
import { type JoinedSession, Login, type LoginStep } from '../../../src/iscsi/login/login.ts';
import { defaultParameters } from '../../../src/iscsi/login/parameters.ts';
import type { LoginRequest } from '../../../src/wire/iscsi/login-request.ts';
import { LoginStage } from '../../../src/wire/iscsi/login-request.ts';
import { LoginStatus } from '../../../src/wire/iscsi/login-status.ts';
import { decodePairs, encodeText } from '../../../src/wire/iscsi/text.ts';
import { testPort } from '../../support/scsi.ts';
import { openAccess } from '../support/test-target.ts';

const port = testPort();
const KNOWN_TSIH = 7;
const names: [string, string][] = [
  ['InitiatorName', 'iqn.2026-11.test:one'],
  ['TargetName', port.targetName],
];
const security = { currentStage: LoginStage.security, nextStage: LoginStage.operational };

/** Has one connection, and room for a second. */
const existing: JoinedSession = {
  identity: { initiatorName: 'iqn.2026-11.test:one', isid: loginRequest().isid, port },
  parameters: { ...defaultParameters(), maxBurstLength: 4096, headerDigest: true },
  numbering: { expCmdSN: 5, maxCmdSN: 9 },
  admits: (connectionId) => connectionId < 2,
};

function newLogin(): Login {
  return new Login({
    findPort: (name) => (name === port.targetName ? port : null),
    findSession: (tsih) => (tsih === KNOWN_TSIH ? existing : null),
    movedTo: () => undefined,
    access: openAccess,
    random: { bytes: (length) => randomBytes(length) },
  });
}

function ask(login: Login, pairs: [string, string][], changes: Partial<LoginRequest> = {}): LoginStep {
  return login.request(loginRequest(changes), encodeText(pairs));
}

function keysOf(step: LoginStep): Map<string, string> {
  assert(step.kind !== 'refuse', step.kind === 'refuse' ? step.why : '');
  return new Map(decodePairs(step.text));
}

function assertRefused(step: LoginStep, status: number): void {
  assert.equal(step.kind, 'refuse');
  assert.equal(step.kind === 'refuse' ? step.status : -1, status);
}

test('one request with the names is enough', () => {
  const login = newLogin();
  const step = ask(login, names);
  assert.equal(step.kind, 'finish');
  assert.equal(keysOf(step).get('TargetPortalGroupTag'), '1');
  assert.equal(keysOf(step).get('MaxRecvDataSegmentLength'), '262144');
  assert.equal(login.identity?.port, port);
});

test('the security stage may come first, and the portal group tag comes with its answer', () => {
  const login = newLogin();
  const first = ask(login, [...names, ['AuthMethod', 'CHAP,None']], security);
  assert.equal(keysOf(first).get('AuthMethod'), 'None');
  assert.equal(keysOf(first).get('TargetPortalGroupTag'), '1');
  const second = ask(login, [['HeaderDigest', 'None']]);
  assert.equal(second.kind, 'finish');
  assert.equal(keysOf(second).has('TargetPortalGroupTag'), false);
});

test('the security stage may lead to the full feature phase, with the defaults of all keys', () => {
  const login = newLogin();
  const step = ask(login, names, { currentStage: LoginStage.security, nextStage: LoginStage.fullFeature });
  assert.equal(step.kind, 'finish');
  assert.equal(login.parameters.maxReceiveSegmentLength, 8192);
  assert.equal(login.parameters.initialR2T, true);
});

test('only AuthMethod=None is offered', () => {
  assertRefused(
    ask(newLogin(), [...names, ['AuthMethod', 'CHAP']], security),
    LoginStatus.authenticationFailure,
  );
});

test('the initiator may wait in a stage', () => {
  const login = newLogin();
  const waiting = { transit: false };
  assert.equal(ask(login, names, waiting).kind, 'answer');
  assert.equal(ask(login, [['InitialR2T', 'No']], waiting).kind, 'answer');
  assert.equal(ask(login, []).kind, 'finish');
  assert.equal(login.parameters.initialR2T, false);
});

test('names are compared without regard to case', () => {
  const pairs: [string, string][] = [
    ['InitiatorName', 'IQN.2026-11.Test:One'],
    ['TargetName', port.targetName.toUpperCase()],
  ];
  const login = newLogin();
  assert.equal(ask(login, pairs).kind, 'finish');
  assert.equal(login.identity?.initiatorName, 'iqn.2026-11.test:one');
});

test('a discovery session needs no target', () => {
  const login = newLogin();
  const pairs: [string, string][] = [
    ['InitiatorName', 'iqn.2026-11.test:one'],
    ['SessionType', 'Discovery'],
    ['InitialR2T', 'No'],
  ];
  const step = ask(login, pairs);
  assert.equal(step.kind, 'finish');
  assert.equal(keysOf(step).get('InitialR2T'), 'Irrelevant');
  assert.equal(login.identity?.port, null);
});

test('what is missing or unknown is refused with the status that says so', () => {
  const [initiator, target] = names as [[string, string], [string, string]];
  assertRefused(ask(newLogin(), [target]), LoginStatus.missingParameter);
  assertRefused(ask(newLogin(), [initiator]), LoginStatus.missingParameter);
  assertRefused(ask(newLogin(), [initiator, ['TargetName', 'iqn.2026-11.test:no']]), LoginStatus.notFound);
  assertRefused(ask(newLogin(), [['InitiatorName', 'one'], target]), LoginStatus.initiatorError);
  assertRefused(
    ask(newLogin(), [['InitiatorName', `iqn.${'x'.repeat(220)}`], target]),
    LoginStatus.initiatorError,
  );
  assertRefused(ask(newLogin(), [...names, ['SessionType', 'Other']]), LoginStatus.sessionTypeNotSupported);
  assertRefused(ask(newLogin(), names, { versionMin: 1 }), LoginStatus.unsupportedVersion);
  assertRefused(ask(newLogin(), names, { tsih: 9 }), LoginStatus.sessionDoesNotExist);
  const third = { tsih: KNOWN_TSIH, connectionId: 2 };
  assertRefused(ask(newLogin(), names, third), LoginStatus.tooManyConnections);
});

test('moves between stages that RFC 7143 does not have are refused', () => {
  const move = (currentStage: number, nextStage: number) =>
    ask(newLogin(), names, { currentStage, nextStage });
  assertRefused(move(0, 0), LoginStatus.initiatorError);
  assertRefused(move(1, 0), LoginStatus.initiatorError);
  assertRefused(move(1, 1), LoginStatus.initiatorError);
  assertRefused(move(0, 2), LoginStatus.initiatorError);
  assertRefused(move(2, 3), LoginStatus.invalidDuringLogin);
  assertRefused(move(3, 3), LoginStatus.invalidDuringLogin);
  const login = newLogin();
  assert.equal(ask(login, names, security).kind, 'answer');
  assertRefused(ask(login, [], security), LoginStatus.invalidDuringLogin);
});

test('another ISID or connection in the middle is refused', () => {
  for (const changes of [{ isid: '000000000099' }, { connectionId: 3 }]) {
    const login = newLogin();
    ask(login, names, security);
    assertRefused(ask(login, [], changes), LoginStatus.initiatorError);
  }
});

test('a key is negotiated once', () => {
  const login = newLogin();
  ask(login, [...names, ['InitialR2T', 'No']], { transit: false });
  assertRefused(ask(login, [['InitialR2T', 'Yes']]), LoginStatus.initiatorError);
  assertRefused(ask(newLogin(), [...names, ...names]), LoginStatus.initiatorError);
});

test('a text that is continued is put together before it is read', () => {
  const login = newLogin();
  const text = encodeText([...names, ['MaxBurstLength', '65536']]);
  const more = { continues: true, transit: false };
  for (let at = 0; at < text.length - 1; at++) {
    const step = login.request(loginRequest(more), text.subarray(at, at + 1));
    assert.equal(step.kind === 'answer' ? step.text.length : -1, 0);
  }
  const step = login.request(loginRequest(), text.subarray(text.length - 1));
  assert.equal(keysOf(step).get('MaxBurstLength'), '65536');
});

test('a text that goes on too long is refused', () => {
  const login = newLogin();
  const more = loginRequest({ continues: true, transit: false });
  const piece = new Uint8Array(8192).fill(0x41);
  assert.equal(login.request(more, piece).kind, 'answer');
  assert.equal(login.request(more, piece).kind, 'answer');
  assertRefused(login.request(more, piece), LoginStatus.initiatorError);
});

test('an answer that does not fit one PDU is continued, and every key of it answered', () => {
  const login = newLogin();
  const unknown = Array.from({ length: 240 }, (_, i): [string, string] => [
    `X-key-with-a-long-name-${i}`,
    'a',
  ]);
  const pieces: Uint8Array[] = [];
  let step = ask(login, [...names, ...unknown]);
  while (step.kind === 'answer') {
    assert(step.continues && step.text.length <= 8192);
    pieces.push(step.text);
    step = ask(login, []);
  }
  assert.equal(step.kind, 'finish');
  if (step.kind === 'finish') pieces.push(step.text);
  const answers = decodePairs(Buffer.concat(pieces));
  assert.equal(answers.filter(([, value]) => value === 'NotUnderstood').length, 240);
});

test('a login to a session that exists takes over what was agreed on for it, and negotiates for its connection', () => {
  const login = newLogin();
  const joining = { tsih: KNOWN_TSIH, connectionId: 1 };
  const keys: [string, string][] = [...names, ['MaxBurstLength', '8192'], ['DataDigest', 'CRC32C']];
  const step = ask(login, keys, joining);
  assert.equal(step.kind, 'finish');
  assert.equal(keysOf(step).get('MaxBurstLength'), 'Reject');
  assert.equal(keysOf(step).get('DataDigest'), 'CRC32C');
  const { maxBurstLength, headerDigest, dataDigest } = login.parameters;
  assert.deepEqual(
    { maxBurstLength, headerDigest, dataDigest },
    { maxBurstLength: 4096, headerDigest: false, dataDigest: true },
  );
  assert.equal(login.joins, existing);
});

test('a login to a session of other ports is refused', () => {
  const joining = { tsih: KNOWN_TSIH, connectionId: 1 };
  const [, target] = names as [[string, string], [string, string]];
  assertRefused(
    ask(newLogin(), [['InitiatorName', 'iqn.2026-11.test:two'], target], joining),
    LoginStatus.sessionDoesNotExist,
  );
  const login = newLogin();
  assert.equal(ask(login, names, { ...joining, ...security }).kind, 'answer');
  assertRefused(ask(login, [], { ...joining, tsih: 8 }), LoginStatus.initiatorError);
});
