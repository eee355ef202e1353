import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { atCdbField, type Sense, sense, senseText } from '../../../src/wire/scsi/sense.ts';
import { decodeSense, encodeDescriptorSense, encodeSense } from '../../../src/wire/scsi/sense-data.ts';

const all: Sense[] = Object.values(sense).map((make) => make(null));

describe('sense data', () => {
  test('survives both formats', () => {
    for (const information of [null, 0, 513, 0xffff_ffff]) {
      for (const each of all) {
        const given = { ...each, information };
        assert.deepEqual(decodeSense(encodeSense(given)), given);
        assert.deepEqual(decodeSense(encodeDescriptorSense(given)), given);
      }
    }
  });

  test('names the field of the CDB that is wrong, in both formats', () => {
    const given = atCdbField(sense.invalidFieldInCdb(), 2, 5);
    const fixed = encodeSense(given);
    assert.deepEqual([...fixed.subarray(15)], [0xcd, 0, 2], 'SKSV, C/D, BPV, bit 5, byte 2');
    assert.deepEqual([...encodeDescriptorSense(given).subarray(8)], [2, 6, 0, 0, 0xcd, 0, 2, 0]);
    assert.deepEqual([...encodeSense(atCdbField(sense.invalidFieldInCdb(), 10)).subarray(15)], [0xc0, 0, 10]);
    for (const information of [null, 7]) {
      const both = { ...given, information };
      assert.deepEqual(decodeSense(encodeSense(both)), both);
      assert.deepEqual(decodeSense(encodeDescriptorSense(both)), both);
    }
    const short = fixed.slice();
    short[7] = 6;
    assert.deepEqual(decodeSense(short), sense.invalidFieldInCdb(), 'its length leaves the bytes out');
  });

  test('information over 32 bits fits the descriptor format alone', () => {
    const given = { ...sense.miscompare(0), information: 2 ** 40 };
    assert.equal(decodeSense(encodeSense(given))?.information, null);
    assert.deepEqual(decodeSense(encodeDescriptorSense(given)), given);
  });

  test('short, unknown and lying bytes decode to null or to what is there', () => {
    assert.equal(decodeSense(new Uint8Array(0)), null);
    assert.equal(decodeSense(Uint8Array.of(0x70, 0, 5)), null);
    assert.equal(decodeSense(Uint8Array.of(0x12, ...new Uint8Array(20))), null);
    assert.deepEqual(
      decodeSense(Uint8Array.of(0x72, 5, 0x20, 0, 0, 0, 0, 255)),
      sense.invalidOperationCode(),
    );
    assert.deepEqual(
      decodeSense(Uint8Array.of(0x72, 5, 0x20, 0, 0, 0, 0, 12, 0, 10, 0x80, 0)),
      sense.invalidOperationCode(),
    );
  });

  test('every outcome has its own code, and words', () => {
    const texts = all.map(senseText);
    assert.equal(new Set(texts).size, texts.length);
    assert.equal(senseText(sense.lbaOutOfRange()), '05/21/00 logical block address out of range');
    assert.equal(senseText({ key: 5, asc: 0xab, ascq: 1, information: null }), '05/ab/01');
  });
});

test('descriptor sense data of a copy: segment, the field of the parameter list, and what a unit has said (SPC-4 4.5.2.3, 4.5.2.4, 4.5.2.7)', () => {
  const copy = {
    segment: 3,
    pointer: 0x30,
    forwarded: { by: 'destination', status: 2, sense: sense.writeProtected() },
  } as const;
  const bytes = encodeDescriptorSense({ ...sense.thirdPartyDeviceFailure(), copy });
  const forwarded = encodeDescriptorSense(sense.writeProtected());
  const descriptors = [
    ...[0x01, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3],
    ...[0x02, 6, 0, 0, 0x80, 0, 0x30, 0],
    ...[0x0c, 2 + forwarded.length, 0x02, 2, ...forwarded],
  ];
  assert.deepEqual([...bytes], [0x72, 0x0a, 0x0d, 0x01, 0, 0, 0, descriptors.length, ...descriptors]);
});
