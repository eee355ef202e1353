import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';

const description = { name: 'vol-a', owner: 'alpha', blockLength: 512, byteLength: 1 << 20 };

describe('unit identity', () => {
  test('is made from the names of cluster and unit, whoever owns it', () => {
    const one = makeUnitIdentity('demo', description);
    const two = makeUnitIdentity('demo', { ...description, owner: 'beta', byteLength: 1 << 30 });
    assert.deepEqual([two.naa, two.serial], [one.naa, one.serial]);
    assert.equal(one.blockCount, 2048);
  });

  test('differs between units and between clusters', () => {
    const names = [
      makeUnitIdentity('demo', description),
      makeUnitIdentity('demo', { ...description, name: 'vol-b' }),
      makeUnitIdentity('other', description),
    ];
    assert.equal(new Set(names.map(({ serial }) => serial)).size, 3);
    assert.equal(new Set(names.map(({ naa }) => Buffer.from(naa).toString('hex'))).size, 3);
  });

  test('is NAA 6 with a locally administered company id', () => {
    const { naa, serial } = makeUnitIdentity('demo', description);
    assert.equal(Buffer.from(naa).toString('hex').slice(0, 7), '6025850');
    assert.match(serial, /^[0-9a-f]{20}$/);
  });
});
