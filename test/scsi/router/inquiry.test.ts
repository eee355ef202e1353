import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u16, u32 } from '../../../src/wire/scsi/bytes.ts';
import { present, testPort } from '../../support/scsi.ts';

import {
  betaPort,
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
  const ports = [testPort(), betaPort];

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
    assert.deepEqual(codes, [0x00, 0x80, 0x83, 0x85, 0x86, 0x87, 0x88, 0x8f, 0xb0, 0xb1, 0xb2]);
    for (const code of codes) {
      const { data } = run(nexus, 2, [0x12, 1, code, 4, 0, 0], { dataIn: 1024 });
      assert.equal(data[1], code);
      assert.equal(u16(data, 2), data.length - 4);
    }
    assert.deepEqual(codeOf(run(nexus, 2, [0x12, 1, 0xb3, 0, 255, 0])), [5, 0x24, 0]);
    assert.deepEqual(codeOf(run(nexus, 2, [0x12, 0, 0x83, 0, 255, 0])), [5, 0x24, 0]);
    assert.deepEqual(codeOf(run(nexus, 2, [0x12, 2, 0, 0, 255, 0])), [5, 0x24, 0]);
  });

  test('SCSI Ports lists every port of the cluster that shows the unit, the same through each', () => {
    const { router, run } = setUp();
    const [first, second] = ports.map((port) => {
      const nexus = router.openNexus('iqn.test:one', '00', port, present);
      return run(nexus, 1, [0x12, 1, 0x88, 2, 0, 0], { dataIn: 512 }).data;
    });
    assert.ok(first !== undefined);
    assert.deepEqual(first, second);
    const found: [number, string][] = [];
    for (let at = 4; at < first.length; at += 12 + u16(first, at + 10)) {
      assert.equal(u16(first, at + 6), 0, 'no initiator port');
      assert.deepEqual([...first.subarray(at + 12, at + 14)], [0x53, 0x98], 'iSCSI, UTF-8; PIV, port, name');
      assert.equal(first[at + 15], u16(first, at + 10) - 4, 'one designator');
      const name = first.subarray(at + 16, at + 12 + u16(first, at + 10));
      assert.equal(name.length % 4, 0);
      found.push([u16(first, at + 2), Buffer.from(name).toString().replace(/\0+$/, '')]);
    }
    assert.deepEqual(found, [
      [1, `${testPort().targetName},t,0x0001`],
      [0x103, 'iqn.test:beta,t,0x0005'],
    ]);
  });

  test('no management address, one policy for all mode pages, and what the unit does with each', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    const page = (code: number) => [...run(nexus, 1, [0x12, 1, code, 0, 255, 0]).data.subarray(4)];
    assert.deepEqual(page(0x85), []);
    assert.deepEqual(page(0x87), [0x3f, 0xff, 0, 0]);
    const extended = page(0x86);
    assert.deepEqual([extended.length, extended[1], extended[2]], [60, 0x07, 0x01]);
    assert.deepEqual(page(0xb1).slice(0, 6), [0, 1, 0, 0, 1, 0]);
    assert.deepEqual(page(0xb2), [11, 0xe4, 2, 0], 'a threshold set is 2048 blocks');
  });

  test('Block Limits are those that the unit keeps', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    const { data } = run(nexus, 1, [0x12, 1, 0xb0, 0, 255, 0]);
    const mib = 2048;
    assert.deepEqual([data.length, data[4], data[5], u16(data, 6)], [64, 1, 255, 8], 'WSNZ');
    assert.deepEqual([u32(data, 8), u32(data, 12), u32(data, 16)], [32 * mib, mib, 0], 'transfer, prefetch');
    assert.deepEqual([u32(data, 20), u32(data, 24)], [512 * mib, 256], 'UNMAP: blocks, descriptors');
    assert.deepEqual([u32(data, 28), u32(data, 32)], [8, 0x8000_0000], 'UNMAP: granularity, alignment');
    assert.deepEqual([u32(data, 36), u32(data, 40)], [0, 4096 * mib], 'WRITE SAME');
    assert.ok(
      data.subarray(44).every((byte) => byte === 0),
      'nothing longer than a block is atomic',
    );
  });

  test('a fully provisioned unit has no provisioning management and no UNMAP, through every port', () => {
    const { router, run, units } = setUp();
    for (const port of ports) {
      const nexus = router.openNexus('iqn.test:one', '00', port, present);
      for (const [lun, unit] of [units.a, units.b].entries()) {
        unit.identity.thinlyProvisioned = false;
        const page = (code: number) => run(nexus, 1 + lun, [0x12, 1, code, 0, 255, 0]).data;
        assert.deepEqual([...page(0xb2)], [0, 0xb2, 0, 4, 0, 0, 0, 0]);
        const limits = page(0xb0);
        assert.ok(limits.subarray(20, 36).every((byte) => byte === 0));
        assert.deepEqual([u32(limits, 36), u32(limits, 40)], [0, 4096 * 2048], 'WRITE SAME is as it was');
        unit.identity.thinlyProvisioned = true;
        assert.deepEqual([...page(0xb2).subarray(4)], [11, 0xe4, 2, 0]);
      }
    }
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
    assert.deepEqual(lunsIn(run(nexus, 0, REPORT_LUNS.with(2, 0x10))), []);
    assert.deepEqual(lunsIn(run(nexus, 0, REPORT_LUNS.with(2, 0x11))), [1, 2, 300]);
    for (const select of [3, 0x0f, 0x12, 0x13, 0xff]) {
      assert.deepEqual(codeOf(run(nexus, 0, REPORT_LUNS.with(2, select))), [5, 0x24, 0]);
    }
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
