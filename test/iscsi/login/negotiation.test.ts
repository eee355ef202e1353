import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNumber } from '../../../src/iscsi/login/key-values.ts';
import { negotiate } from '../../../src/iscsi/login/negotiation.ts';
import { defaultParameters } from '../../../src/iscsi/login/parameters.ts';

function answer(key: string, value: string, discovery = false): string | null {
  return negotiate(key, value, discovery, defaultParameters());
}

test('each key of RFC 7143 13 is answered by its own rule', () => {
  const expected: [string, string, string | null][] = [
    ['HeaderDigest', 'CRC32C,None', 'CRC32C'],
    ['HeaderDigest', 'None,CRC32C', 'None'],
    ['DataDigest', 'X-other,CRC32C', 'CRC32C'],
    ['DataDigest', 'MD5', 'Reject'],
    ['MaxConnections', '4', '4'],
    ['MaxConnections', '100', '8'],
    ['InitialR2T', 'Yes', 'Yes'],
    ['InitialR2T', 'No', 'No'],
    ['ImmediateData', 'No', 'No'],
    ['ImmediateData', 'yes', 'Reject'],
    ['MaxRecvDataSegmentLength', '65536', null],
    ['MaxRecvDataSegmentLength', '511', 'Reject'],
    ['MaxRecvDataSegmentLength', '16777216', 'Reject'],
    ['MaxBurstLength', '16776192', '1048576'],
    ['MaxBurstLength', '0x1000', '4096'],
    ['FirstBurstLength', '65536', '65536'],
    ['FirstBurstLength', '16777215', '262144'],
    ['DefaultTime2Wait', '5', '5'],
    ['DefaultTime2Wait', '3601', 'Reject'],
    ['DefaultTime2Retain', '20', '0'],
    ['MaxOutstandingR2T', '1', '1'],
    ['MaxOutstandingR2T', '16', '8'],
    ['MaxOutstandingR2T', '0', 'Reject'],
    ['DataPDUInOrder', 'No', 'No'],
    ['DataSequenceInOrder', 'No', 'No'],
    ['DataSequenceInOrder', 'Yes', 'Yes'],
    ['ErrorRecoveryLevel', '2', '1'],
    ['ErrorRecoveryLevel', '3', 'Reject'],
    ['TaskReporting', 'FastAbort,RFC3720', 'RFC3720'],
    ['iSCSIProtocolLevel', '2', '1'],
    ['InitiatorAlias', 'anything', null],
    ['TargetAlias', 'mine', 'Reject'],
    ['IFMarker', 'No', 'Reject'],
    ['OFMarkInt', '2048', 'Reject'],
    ['X-com.example', 'x', 'NotUnderstood'],
    ['__proto__', 'x', 'NotUnderstood'],
    ['constructor', 'x', 'NotUnderstood'],
  ];
  for (const [key, value, wanted] of expected) assert.equal(answer(key, value), wanted, `${key}=${value}`);
});

test('a discovery session has no use for the keys of data transfer', () => {
  for (const key of ['MaxBurstLength', 'ImmediateData', 'MaxConnections', 'DataPDUInOrder']) {
    assert.equal(answer(key, '1', true), 'Irrelevant', key);
  }
  assert.equal(answer('HeaderDigest', 'None', true), 'None');
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
