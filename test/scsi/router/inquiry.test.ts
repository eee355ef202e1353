import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u16, u32 } from '../../../src/wire/scsi/bytes.ts';
import { present, testPort } from '../../support/scsi.ts';

import {
  codeOf,
  INQUIRY,
  localUnit,
  lunsIn,
  REPORT_GROUPS,
  REPORT_LUNS,
  setUp,
  TEST_UNIT_READY,
} from './rig.ts';

describe('router: INQUIRY and REPORT TARGET PORT GROUPS', () => {
  const ports = [
    testPort(),
    testPort({
      name: 'beta-proxy',
      targetName: 'iqn.test:beta',
      relativeId: 0x103,
      groupId: 2,
      portalGroupTag: 5,
    }),
  ];

  test('the unit is called the same through every port, the port by its own names', () => {
    const { router, run } = setUp();
    const [first, second] = ports.map((port) => {
      const nexus = router.openNexus('iqn.test:one', '00', port, present);
      const { data } = run(nexus, 1, [0x12, 1, 0x83, 2, 0, 0], { dataIn: 512 });
      assert.equal(data.length, 4 + u16(data, 2));
      return designatorsIn(data);
    });
    assert.ok(first !== undefined && second !== undefined);
    const ofUnit = (all: Designator[]) => all.filter(({ association }) => association === 0);
    assert.deepEqual(ofUnit(first), ofUnit(second));
    assert.deepEqual(
      first.map(({ association, type }) => [association, type]),
      [
        [0, 3],
        [0, 1],
        [1, 4],
        [1, 5],
        [1, 8],
        [2, 8],
      ],
    );
    assert.equal(ofUnit(first)[0]?.value.length, 16);
    assert.equal(ofUnit(first)[1]?.value.toString(), `CROSSPTH${serialOf('vol-a')}`);
    assert.deepEqual(
      second.slice(2, 4).map(({ value }) => value.toString('hex')),
      ['00000103', '00000002'],
    );
    assert.equal(second[4]?.value.toString().replace(/\0+$/, ''), 'iqn.test:beta,t,0x0005');
    assert.equal(second[5]?.value.toString().replace(/\0+$/, ''), 'iqn.test:beta');
    for (const { value, type } of second) if (type === 8) assert.equal(value.length % 4, 0);
  });

  test('every page of the list of pages is there, and no other', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    const list = run(nexus, 2, [0x12, 1, 0, 0, 255, 0]).data;
    const codes = [...list.subarray(4)];
    assert.deepEqual(codes, [0x00, 0x80, 0x83, 0x86, 0x8f, 0xb0, 0xb1, 0xb2]);
    for (const code of codes) {
      const { data } = run(nexus, 2, [0x12, 1, code, 4, 0, 0], { dataIn: 1024 });
      assert.equal(data[1], code);
      assert.equal(u16(data, 2), data.length - 4);
    }
    assert.deepEqual(codeOf(run(nexus, 2, [0x12, 1, 0xb3, 0, 255, 0])), [5, 0x24, 0]);
    assert.deepEqual(codeOf(run(nexus, 2, [0x12, 0, 0x83, 0, 255, 0])), [5, 0x24, 0]);
    assert.deepEqual(codeOf(run(nexus, 2, [0x12, 2, 0, 0, 255, 0])), [5, 0x24, 0]);
  });

  test('standard INQUIRY data names the product, implicit ALUA, and is cut to the allocation length', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    const { data } = run(nexus, 1, INQUIRY);
    assert.equal(Buffer.from(data.subarray(8, 36)).toString(), 'CROSSPTHCrosspath LU    0001');
    assert.deepEqual([data[0], data[2], data[5], data[7]], [0, 6, 0x18, 2], 'TPGS, 3PC');
    assert.equal(run(nexus, 1, [0x12, 0, 0, 0, 36, 0]).data.length, 36);
    assert.equal(run(nexus, 1, [0x12, 0, 0, 0, 0, 0]).data.length, 0);
    assert.equal(run(nexus, 1, [0x12, 0, 0, 0, 0, 0]).presentedLength, 0);
  });

  test('both header formats, any allocation length', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    run(nexus, 1, TEST_UNIT_READY);
    const short = run(nexus, 1, REPORT_GROUPS).data;
    assert.equal(u32(short, 0), short.length - 4);
    assert.deepEqual([short[4], u16(short, 6), short[11], u16(short, 14), u16(short, 18)], [0, 1, 2, 1, 2]);
    assert.deepEqual([short[20], u16(short, 22)], [1, 2]);
    const extended = run(nexus, 1, REPORT_GROUPS.with(1, 0x2a)).data;
    assert.equal(extended[4], 0x10);
    assert.ok((extended[5] ?? 0) > 0, 'a transition time');
    assert.deepEqual(extended.subarray(8), short.subarray(4));
    for (const length of [0, 1, 4, 9]) {
      assert.deepEqual(run(nexus, 1, REPORT_GROUPS.with(9, length)).data, short.subarray(0, length));
    }
    assert.deepEqual(codeOf(run(nexus, 1, REPORT_GROUPS.with(1, 0x4a))), [5, 0x24, 0]);
  });

  test('REPORT LUNS: select report and allocation length', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    assert.deepEqual(lunsIn(run(nexus, 0, REPORT_LUNS.with(2, 1))), []);
    assert.deepEqual(lunsIn(run(nexus, 0, REPORT_LUNS.with(2, 2))), [1, 2, 300]);
    assert.deepEqual(codeOf(run(nexus, 0, REPORT_LUNS.with(2, 3))), [5, 0x24, 0]);
    assert.deepEqual(codeOf(run(nexus, 0, REPORT_LUNS.with(8, 0).with(9, 15))), [5, 0x24, 0]);
  });
});

interface Designator {
  readonly association: number;
  readonly type: number;
  readonly value: Buffer;
}

function designatorsIn(page: Uint8Array): Designator[] {
  const found: Designator[] = [];
  for (let at = 4; at < page.length; at += 4 + (page[at + 3] ?? 0)) {
    const second = page[at + 1] ?? 0;
    const value = Buffer.from(page.subarray(at + 4, at + 4 + (page[at + 3] ?? 0)));
    found.push({ association: (second >> 4) & 3, type: second & 0x0f, value });
  }
  return found;
}

function serialOf(name: string): string {
  return localUnit(name).identity.serial;
}
