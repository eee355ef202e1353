import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNumber } from '../../../src/iscsi/login/key-values.ts';
import { negotiate } from '../../../src/iscsi/login/negotiation.ts';
import { defaultParameters, type Parameters } from '../../../src/iscsi/login/parameters.ts';

function answer(key: string, value: string, discovery = false): string | null {
  return negotiate(key, value, discovery, defaultParameters());
}

type Answers = readonly (readonly [offer: string, answer: string | null])[];

/** Answers of a key that is Irrelevant in a discovery session, and of one that is not. */
interface Row {
  readonly discovery: 'Irrelevant' | 'same';
  readonly answers: Answers;
}

const normalOnly = (...answers: Answers): Row => ({ discovery: 'Irrelevant', answers });
const anySession = (...answers: Answers): Row => ({ discovery: 'same', answers });
const malformed: Answers = ['', 'yes', '-1', '1.5', '1 ', '0x', '99999999999'].map((offer) => [
  offer,
  'Reject',
]);

/** Every key of RFC 7143 13, in its order, then those that it no longer has, and of extensions. */
const table: Readonly<Record<string, Row>> = {
  HeaderDigest: anySession(
    ['CRC32C,None', 'CRC32C'],
    ['None,CRC32C', 'None'],
    ['X-other,CRC32C', 'CRC32C'],
    ['MD5', 'Reject'],
    ['', 'Reject'],
    ['crc32c', 'Reject'],
  ),
  DataDigest: anySession(['None', 'None'], ['X-other,CRC32C', 'CRC32C'], ['MD5', 'Reject']),
  MaxConnections: normalOnly(
    ['1', '1'],
    ['4', '4'],
    ['100', '8'],
    ['0', 'Reject'],
    ['65536', 'Reject'],
    ...malformed,
  ),
  SendTargets: anySession(['All', 'Reject'], ['', 'Reject']),
  TargetName: anySession(['iqn.2026-11.test:x', null]),
  InitiatorName: anySession(['iqn.2026-11.test:x', null]),
  TargetAlias: anySession(['mine', 'Reject']),
  InitiatorAlias: anySession(['anything', null], ['', null]),
  TargetAddress: anySession(['10.0.0.1:3260,1', 'Reject']),
  TargetPortalGroupTag: anySession(['1', 'Reject']),
  InitialR2T: normalOnly(['Yes', 'Yes'], ['No', 'No'], ['no', 'Reject'], ['1', 'Reject'], ['', 'Reject']),
  ImmediateData: normalOnly(['Yes', 'Yes'], ['No', 'No'], ['yes', 'Reject'], ['0', 'Reject']),
  MaxRecvDataSegmentLength: anySession(
    ['512', null],
    ['65536', null],
    ['16777215', null],
    ['511', 'Reject'],
    ['16777216', 'Reject'],
    ...malformed,
  ),
  MaxBurstLength: normalOnly(
    ['512', '512'],
    ['0x1000', '4096'],
    ['16776192', '1048576'],
    ['511', 'Reject'],
    ['16777216', 'Reject'],
    ...malformed,
  ),
  FirstBurstLength: normalOnly(
    ['512', '512'],
    ['65536', '65536'],
    ['16777215', '262144'],
    ['511', 'Reject'],
    ['16777216', 'Reject'],
    ...malformed,
  ),
  DefaultTime2Wait: anySession(['0', '0'], ['5', '5'], ['3600', '3600'], ['3601', 'Reject'], ...malformed),
  DefaultTime2Retain: anySession(['0', '0'], ['20', '0'], ['3601', 'Reject'], ...malformed),
  MaxOutstandingR2T: normalOnly(['1', '1'], ['16', '8'], ['0', 'Reject'], ['65536', 'Reject'], ...malformed),
  DataPDUInOrder: normalOnly(['Yes', 'Yes'], ['No', 'No'], ['no', 'Reject'], ['', 'Reject']),
  DataSequenceInOrder: normalOnly(['Yes', 'Yes'], ['No', 'No'], ['no', 'Reject'], ['', 'Reject']),
  ErrorRecoveryLevel: anySession(['0', '0'], ['1', '1'], ['2', '2'], ['3', 'Reject'], ...malformed),
  SessionType: anySession(['Normal', null], ['Discovery', null]),
  TaskReporting: normalOnly(
    ['RFC3720', 'RFC3720'],
    ['FastAbort,RFC3720', 'RFC3720'],
    ['ResponseFence,FastAbort', 'Reject'],
  ),
  iSCSIProtocolLevel: normalOnly(
    ['0', '0'],
    ['1', '1'],
    ['2', '1'],
    ['31', '1'],
    ['32', 'Reject'],
    ...malformed,
  ),
  'X#NodeArchitecture': anySession(['Linux/i386', null]),
  IFMarker: anySession(['No', 'Reject'], ['Yes', 'Reject']),
  OFMarker: anySession(['No', 'Reject'], ['Yes', 'Reject']),
  IFMarkInt: anySession(['2048~65535', 'Reject']),
  OFMarkInt: anySession(['2048', 'Reject']),
  // Of iSER (RFC 7145), which we do not do, and whatever else there is.
  RDMAExtensions: anySession(['Yes', 'NotUnderstood']),
  InitiatorRecvDataSegmentLength: anySession(['65536', 'NotUnderstood']),
  'X-com.example': anySession(['x', 'NotUnderstood'], ['', 'NotUnderstood']),
  'X#registered': anySession(['x', 'NotUnderstood']),
  initialr2t: anySession(['No', 'NotUnderstood']),
  ['__proto__']: anySession(['x', 'NotUnderstood']),
  constructor: anySession(['x', 'NotUnderstood']),
};

for (const [key, { discovery, answers }] of Object.entries(table)) {
  test(`${key} is answered by its own rule, and in a discovery session`, () => {
    for (const [offer, wanted] of answers) {
      assert.equal(answer(key, offer), wanted, `${key}=${offer}`);
      const inDiscovery = discovery === 'same' ? wanted : 'Irrelevant';
      assert.equal(answer(key, offer, true), inDiscovery, `${key}=${offer} in a discovery session`);
    }
  });
}

test('what is agreed on holds, and a rejected or irrelevant offer changes nothing', () => {
  const offers: readonly (readonly [string, string, Partial<Parameters>])[] = [
    ['HeaderDigest', 'CRC32C', { headerDigest: true }],
    ['DataDigest', 'CRC32C', { dataDigest: true }],
    ['InitialR2T', 'No', { initialR2T: false }],
    ['ImmediateData', 'No', { immediateData: false }],
    ['MaxRecvDataSegmentLength', '512', { maxSendSegmentLength: 512 }],
    ['MaxBurstLength', '4096', { maxBurstLength: 4096 }],
    ['FirstBurstLength', '4096', { firstBurstLength: 4096 }],
    ['DefaultTime2Wait', '7', { time2Wait: 7 }],
  ];
  for (const [key, offer, change] of offers) {
    const agreed = defaultParameters();
    negotiate(key, offer, false, agreed);
    assert.deepEqual(agreed, { ...defaultParameters(), ...change }, key);
    const rejected = defaultParameters();
    assert.equal(negotiate(key, 'nonsense', false, rejected), 'Reject');
    assert.deepEqual(rejected, defaultParameters(), key);
    const irrelevant = defaultParameters();
    if (negotiate(key, offer, true, irrelevant) !== 'Irrelevant') continue;
    assert.deepEqual(irrelevant, defaultParameters(), key);
  }
});

test('a first burst is no longer than the burst that was agreed on before', () => {
  const agreed = defaultParameters();
  assert.equal(negotiate('MaxBurstLength', '8192', false, agreed), '8192');
  assert.equal(negotiate('FirstBurstLength', '65536', false, agreed), '8192');
  assert.equal(agreed.firstBurstLength, 8192);
});

test('commands are kept for another connection at level 2 alone, for a bounded time, and for nobody who waits longer', () => {
  for (const [level, offer, retained] of [
    ['1', '10', '0'],
    ['2', '10', '10'],
    ['2', '3600', '20'],
    ['2', '0', '0'],
  ] as const) {
    const agreed = defaultParameters();
    negotiate('ErrorRecoveryLevel', level, false, agreed);
    assert.equal(negotiate('DefaultTime2Retain', offer, false, agreed), retained);
    assert.equal(agreed.time2Retain, Number(retained));
  }
  const patient = defaultParameters();
  negotiate('DefaultTime2Wait', '11', false, patient);
  assert.equal(negotiate('ErrorRecoveryLevel', '2', false, patient), '1');
  const late = defaultParameters();
  negotiate('ErrorRecoveryLevel', '2', false, late);
  assert.equal(negotiate('DefaultTime2Wait', '11', false, late), 'Reject');
  assert.equal(late.time2Wait, 2);
});

test('numbers are decimal or hexadecimal, and nothing else', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (n) => assert.equal(parseNumber(String(n)), n)),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (n) =>
      assert.equal(parseNumber(`0x${n.toString(16)}`), n),
    ),
  );
  for (const text of ['', '0x', '-1', '1e3', ' 1', '1 ', '4294967296', '99999999999', '0xg', '1.5', 'NaN']) {
    assert.equal(parseNumber(text), null, text);
  }
});
