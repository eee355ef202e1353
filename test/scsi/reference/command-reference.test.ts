import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandReference, readReference } from './command-reference.ts';
import { bitsOf, standardName } from './spelling.ts';

test('docs/reference/scsi-commands.md is what the command table says; if it is not: npm run reference', async () => {
  assert.equal(await readReference(), commandReference());
});

test('names are spelt as the standards spell them', () => {
  const spelt = {
    testUnitReady: 'TEST UNIT READY',
    read6: 'READ (6)',
    writeAndVerify16: 'WRITE AND VERIFY (16)',
    preFetch10: 'PRE-FETCH (10)',
    orWrite16: 'ORWRITE (16)',
    serviceActionIn16: 'SERVICE ACTION IN (16)',
    extendedCopyLid1: 'EXTENDED COPY(LID1)',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(spelt).map((name) => [name, standardName(name)])), spelt);
});

test('the bits of a mask are told in runs', () => {
  const told = (hex: string) => bitsOf(Buffer.from(hex, 'hex'), 1);
  assert.equal(told('281affffffff1fffff'), 'byte 1: bits 4-3, 1 · bytes 2-5 · byte 6: bits 4-0 · bytes 7-8');
  assert.equal(told('1a08ff00ff'), 'byte 1: bit 3 · byte 2 · byte 4');
  assert.equal(told('ff0000'), 'none');
  assert.equal(told('0081'), 'byte 1: bits 7, 0');
});
