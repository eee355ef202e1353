import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { AccessState } from '../../../src/scsi/access-states.ts';
import { TaskAttribute, TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import { Router } from '../../../src/scsi/router/router.ts';
import { sense } from '../../../src/wire/scsi/sense.ts';
import { decodeSense } from '../../../src/wire/scsi/sense-data.ts';
import { blockCdb, pattern, present, testOrder, testPort } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';

import {
  BLOCK,
  codeOf,
  INQUIRY,
  localUnit,
  lunsIn,
  pool,
  REPORT_GROUPS,
  REPORT_LUNS,
  REQUEST_SENSE,
  setUp,
  TEST_UNIT_READY,
} from './rig.ts';

describe('router: LUN maps', () => {
  test('an initiator sees the default map, or its own', () => {
    const { router, run } = setUp();
    const one = router.openNexus('iqn.test:one', '00', testPort(), present);
    const own = router.openNexus('iqn.test:own', '00', testPort(), present);
    assert.deepEqual(lunsIn(run(one, 1, REPORT_LUNS)), [1, 2, 300]);
    assert.deepEqual(lunsIn(run(own, 7, REPORT_LUNS)), [0, 7]);
    assert.deepEqual(codeOf(run(own, 1, TEST_UNIT_READY)), [5, 0x25, 0]);
  });

  test('a map may have 255 LUNs', () => {
    const name = 'iqn.test:many';
    const numbers = Array.from({ length: 255 }, (_, index) => index * 64);
    const luns = new Map(numbers.map((lun) => [lun, 'vol-a']));
    const unit = localUnit('vol-a');
    const router = new Router({
      units: [{ lun: null, unit }],
      initiators: [{ name, luns }],
      accessStates: { groups: () => [], ports: () => [] },
      pool,
      clock: new NodeClock(),
      order: testOrder,
    });
    const nexus = router.openNexus(name, '00023d000001', testPort(), present);
    const command = new TestCommand({ dataIn: 4096, nexus, cdb: [0xa0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0] });
    const { outcome } = command.start({ execute: (given) => router.execute(0, given) });
    assert(outcome !== null);
    assert.deepEqual(lunsIn(outcome), numbers);
  });

  test('two initiators reach one unit under their own LUNs', () => {
    const { router, run } = setUp();
    const one = router.openNexus('iqn.test:one', '00', testPort(), present);
    const own = router.openNexus('iqn.test:own', '00', testPort(), present);
    run(one, 2, TEST_UNIT_READY);
    run(own, 0, TEST_UNIT_READY);
    run(one, 2, blockCdb(0x2a, 5, 1), { dataIn: 0, dataOut: pattern(BLOCK) });
    assert.deepEqual(run(own, 0, blockCdb(0x28, 5, 1), { dataIn: BLOCK }).data, pattern(BLOCK));
  });

  test('a port shows the units that it serves, at the same LUN', () => {
    const { router, run } = setUp();
    for (const [serves, luns] of [
      ['local', [1, 300]],
      ['proxy', [2]],
      ['all', [1, 2, 300]],
    ] as const) {
      const nexus = router.openNexus('iqn.test:one', '00', testPort({ serves }), present);
      assert.deepEqual(lunsIn(run(nexus, 0, REPORT_LUNS)), luns);
    }
  });

  test('a map that names an unknown unit is refused', () => {
    const accessStates = { groups: () => [], ports: () => [] };
    const initiators = [{ name: 'iqn.test:x', luns: new Map([[0, 'nothing']]) }];
    const clock = new NodeClock();
    const options = { units: [], initiators, accessStates, pool, clock, order: testOrder };
    assert.throws(() => new Router(options), /nothing/);
  });
});

describe('router: a large cluster', () => {
  const units = Array.from({ length: 4096 }, (_, lun) => ({ lun, unit: localUnit(`vol-${lun}`) }));
  const some = new Map(Array.from({ length: 255 }, (_, lun) => [lun, `vol-${lun * 16}`]));
  const router = new Router({
    units,
    initiators: [{ name: 'iqn.test:own', luns: some }],
    accessStates: { groups: () => [], ports: () => [] },
    pool,
    clock: new NodeClock(),
    order: testOrder,
  });
  const reportLuns = (initiator: string) => {
    const nexus = router.openNexus(initiator, '00', testPort(), present);
    const length = 8 + 8 * units.length;
    const cdb = [0xa0, 0, 0, 0, 0, 0, 0, 0, length >> 8, length & 0xff, 0, 0];
    const command = new TestCommand({ nexus, cdb, dataIn: length, readSet: 4096 });
    const { outcome } = command.start({ execute: (given) => router.execute(0, given) });
    assert.ok(outcome !== null);
    return { nexus, luns: lunsIn(outcome) };
  };

  test('REPORT LUNS lists 4,096 units, and 255 of a map', () => {
    assert.deepEqual(
      reportLuns('iqn.test:one').luns,
      units.map(({ lun }) => lun),
    );
    assert.deepEqual(reportLuns('iqn.test:own').luns, [...some.keys()]);
  });

  test('each unit is found at its LUN, and all are reset at once', () => {
    const { nexus } = reportLuns('iqn.test:one');
    const ready = (lun: number) => {
      const command = new TestCommand({ nexus, cdb: TEST_UNIT_READY });
      return command.start({ execute: (given) => router.execute(lun, given) }).outcome;
    };
    for (const { lun } of units) ready(lun);
    for (const { lun } of units) assert.equal(ready(lun)?.status, 0);
    const answers: string[] = [];
    router.resetUnits(nexus, (answer) => answers.push(answer));
    assert.deepEqual(answers, ['complete']);
    for (const { lun } of units) assert.equal(ready(lun)?.sense?.ascq, 3);
    router.closeNexus(nexus, 'logout');
  });
});

describe('router: where no unit is', () => {
  test('INQUIRY tells so, REPORT LUNS works, REQUEST SENSE gives it as data, all else is refused', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    for (const lun of [0, 5, 16383, -1]) {
      assert.equal(run(nexus, lun, INQUIRY).data[0], 0x7f);
      assert.deepEqual(codeOf(run(nexus, lun, [0x12, 1, 0x83, 0, 255, 0])), [5, 0x24, 0]);
      assert.deepEqual(lunsIn(run(nexus, lun, REPORT_LUNS)), [1, 2, 300]);
      assert.deepEqual(decodeSense(run(nexus, lun, REQUEST_SENSE).data), sense.unitNotSupported());
      for (const cdb of [TEST_UNIT_READY, REPORT_GROUPS, blockCdb(0x28, 0, 1), [0xc0]]) {
        assert.deepEqual(codeOf(run(nexus, lun, cdb)), [5, 0x25, 0]);
      }
    }
  });

  test('task management says that there is none', () => {
    const { router } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    const answers: string[] = [];
    router.manage(nexus, 9, TaskManagementFunction.logicalUnitReset, 0, (answer) => answers.push(answer));
    assert.deepEqual(answers, ['noSuchUnit']);
  });
});

describe('router: unit attentions', () => {
  test('INQUIRY and REPORT LUNS leave them, everything else reports them first', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    for (const lun of [1, 2]) {
      assert.equal(run(nexus, lun, INQUIRY).status, 0);
      assert.equal(run(nexus, lun, REPORT_LUNS).status, 0);
      assert.deepEqual(codeOf(run(nexus, lun, REPORT_GROUPS)), [6, 0x29, 0]);
      assert.equal(run(nexus, lun, REPORT_GROUPS).status, 0);
    }
    assert.deepEqual(codeOf(run(nexus, 300, TEST_UNIT_READY)), [6, 0x29, 0]);
  });

  test('REQUEST SENSE gives them as data, in the format that was asked for', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    assert.deepEqual(decodeSense(run(nexus, 1, REQUEST_SENSE).data), sense.powerOnOrReset());
    assert.deepEqual(decodeSense(run(nexus, 1, REQUEST_SENSE).data), sense.noSense());
    assert.equal(run(nexus, 1, [0x03, 1, 0, 0, 252, 0]).data[0], 0x72);
    assert.equal(run(nexus, 1, TEST_UNIT_READY).status, 0);
  });

  test('REQUEST SENSE asks the unit for what waits there, and tells where the way to it is closed', () => {
    const { router, units, run } = setUp([
      { groupId: 3, state: AccessState.unavailable, ports: [4] },
      { groupId: 4, state: AccessState.transitioning, ports: [5] },
    ]);
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    run(nexus, 2, TEST_UNIT_READY);
    units.b.establishUnitAttention(sense.capacityChanged(), null);
    assert.deepEqual(decodeSense(run(nexus, 2, REQUEST_SENSE).data), sense.capacityChanged());
    for (const [groupId, told] of [
      [3, sense.notReadyUnavailable()],
      [4, sense.notReadyTransitioning()],
    ] as const) {
      const far = router.openNexus('iqn.test:one', '00', testPort({ groupId }), present);
      for (const lun of [1, 2]) {
        assert.deepEqual(decodeSense(run(far, lun, REQUEST_SENSE).data), sense.powerOnOrReset());
        assert.deepEqual(decodeSense(run(far, lun, REQUEST_SENSE).data), told);
      }
    }
  });

  test('what is answered here refuses the ACA attribute too', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    const aca = { attribute: TaskAttribute.aca };
    assert.deepEqual(codeOf(run(nexus, 1, INQUIRY, aca)), [5, 0x49, 0]);
  });

  test('the format of sense data is the one of the unit that the initiator has at a LUN', () => {
    const { router, units } = setUp();
    const nexus = router.openNexus('iqn.test:own', '00', testPort(), present);
    const { c } = units;
    c.changeModes({ ...c.modes.current, descriptorSense: true }, nexus);
    assert.deepEqual(
      [0, 7, 300, -1].map((lun) => router.descriptorSense(nexus, lun)),
      [false, true, false, false],
    );
  });

  test('a closed nexus is lost to every unit of its map', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    for (const lun of [1, 2]) run(nexus, lun, TEST_UNIT_READY);
    router.closeNexus(nexus, 'connectionLost');
    const back = router.openNexus('iqn.test:one', '00', testPort(), present);
    for (const lun of [1, 2]) assert.deepEqual(codeOf(run(back, lun, TEST_UNIT_READY)), [6, 0x29, 7]);
    assert.deepEqual(codeOf(run(back, 300, TEST_UNIT_READY)), [6, 0x29, 0], 'was never used');
  });
});

describe('router: credit, aborts and counters', () => {
  test('an answer that waits for credit can be granted, and can be aborted', () => {
    const { router } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    const start = () =>
      new TestCommand({ nexus, cdb: INQUIRY, dataIn: 255, readSet: 64, credit: 64, grants: false }).start({
        execute: (command) => router.execute(1, command),
      });
    const granted = start();
    assert.deepEqual(granted.sets, [[0, 64]]);
    granted.grant(32);
    assert.equal(granted.outcome?.data.length, 96);
    const abortedOne = start();
    const answers: string[] = [];
    router.manage(nexus, 1, TaskManagementFunction.abortTask, abortedOne.tag, (answer) =>
      answers.push(answer),
    );
    assert.deepEqual([abortedOne.outcome?.how, answers], ['aborted', ['complete']]);
    const lost = start();
    router.closeNexus(nexus, 'connectionLost');
    assert.equal(lost.outcome?.how, 'aborted');
    lost.task.grant(100);
  });

  test('counts by port and unit, direct and proxied, without what is answered here', () => {
    const { router, run } = setUp();
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    for (const lun of [1, 2]) {
      run(nexus, lun, TEST_UNIT_READY, { dataIn: 0 });
      run(nexus, lun, INQUIRY);
      run(nexus, lun, blockCdb(0x28, 0, 2), { dataIn: 2 * BLOCK });
      run(nexus, lun, blockCdb(0x2a, 0, 1), { dataIn: 0, dataOut: pattern(BLOCK) });
    }
    const bytes = { bytesRead: 2 * BLOCK, bytesWritten: BLOCK };
    const none = { commandsDirect: 0, commandsProxied: 0, bytesRead: 0, bytesWritten: 0 };
    assert.deepEqual(router.counters(), [
      { port: 'alpha-all', unit: 'vol-a', commandsDirect: 3, commandsProxied: 0, ...bytes },
      { port: 'alpha-all', unit: 'vol-b', commandsDirect: 0, commandsProxied: 3, ...bytes },
      { port: 'alpha-all', unit: 'vol-c', ...none },
    ]);
  });
});
