import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import { encodeSense } from '../../../src/wire/scsi/sense-data.ts';
import { copyAbortCdb, copyInCdb, segment } from '../../support/copy-lists.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, CopyRig, codeOf } from './rig.ts';

/** Blocks that are copied at a time; four of them at once. */
const PIECE = (256 * 1024) / BLOCK;
const WRITE_16 = 0x8a;
const KEY = '0000000000000abc';

describe('EXTENDED COPY: what its units say', () => {
  test('a unit attention of the addressed unit comes first; those of the units in the list stay for the initiator', () =>
    CopyRig.with(async (rig) => {
      const nexus = rig.router.openNexus('iqn.test:new', '00023d000009', rig.nexus.port, (call) => call());
      const list = rig.list({ segments: [segment({ blocks: 8 })] });
      assert.equal(codeOf(await rig.copy(list, { nexus })), '06/29/00');
      assert.equal(codeOf(await rig.copy(list, { nexus })), 'status 0');
      assert.equal(codeOf(await rig.run(2, [0, 0, 0, 0, 0, 0], { nexus })), '06/29/00');
      rig.router.closeNexus(nexus, 'logout');
    }));

  test('a reservation of another host: RESERVATION CONFLICT of the addressed unit, COPY ABORTED of another', () =>
    CopyRig.with(async (rig) => {
      const other = rig.openNexus('iqn.test:two');
      await registerAndReserve(rig, 2, other);
      const list = rig.list({ segments: [segment({ blocks: 8 })] });
      assert.equal((await rig.copy(list, { lun: 2 })).status, 0x18);
      const outcome = await rig.copy(list);
      assert.equal(codeOf(outcome), '0a/0d/01');
      assert.deepEqual(outcome.sense?.copy, {
        segment: 0,
        pointer: 16 + 32,
        forwarded: { by: 'destination', status: 0x18, sense: null },
      });
      assert.deepEqual(await rig.read(rig.b, 0, 8), new Uint8Array(8 * BLOCK));
      rig.router.closeNexus(other, 'logout');
    }));

  test('a registered host may copy: it is the same nexus for its units', () =>
    CopyRig.with(async (rig) => {
      await registerAndReserve(rig, 2, rig.nexus);
      await rig.write(rig.a, 0, pattern(8 * BLOCK));
      assert.equal(codeOf(await rig.copy(rig.list({ segments: [segment({ blocks: 8 })] }))), 'status 0');
      assert.deepEqual(await rig.read(rig.b, 0, 8), pattern(8 * BLOCK));
    }));

  test('RESERVE (6): of the initiator itself it lets the copy through, of another it does not', () =>
    CopyRig.with(async (rig) => {
      const list = rig.list({ segments: [segment({ blocks: 8 })] });
      assert.equal(codeOf(await rig.run(2, [0x16, 0, 0, 0, 0, 0])), 'status 0');
      assert.equal(codeOf(await rig.copy(list)), 'status 0');
      const other = rig.openNexus('iqn.test:two');
      assert.equal(codeOf(await rig.copy(list, { nexus: other })), '0a/0d/01');
      rig.router.closeNexus(other, 'logout');
    }));

  test('an error of the destination: residual, segment, status and sense data of the unit', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(6 * PIECE * BLOCK));
      const limit = 1000 * BLOCK + 3 * PIECE * BLOCK;
      rig.fault = (unit, { kind, position }) =>
        unit === 'vol-b' && kind === 'write' && position >= limit ? 'EIO' : null;
      const segments = [segment({ blocks: 8 }), segment({ blocks: 6 * PIECE, destinationLba: 1000 })];
      const outcome = await rig.copy(rig.list({ listIdentifier: 4, segments }));
      assert.equal(codeOf(outcome), '0a/0d/01');
      const { sense } = outcome;
      assert.ok(sense !== null);
      assert.equal(sense.information, 3 * PIECE);
      assert.deepEqual([sense.copy?.segment, sense.copy?.forwarded?.by], [1, 'destination']);
      const bytes = encodeSense(sense);
      assert.deepEqual([...bytes.subarray(8, 12)], [0, 18, 0, 1], 'where the status is, and the segment');
      assert.deepEqual([bytes[0], bytes[7], bytes[15], bytes[17]], [0xf0, bytes.length - 8, 0x80, 16 + 32]);
      assert.deepEqual(
        [bytes[18], bytes[19], bytes[21]],
        [0x02, 0x70, 0x03],
        'CHECK CONDITION, MEDIUM ERROR',
      );
      const details = (await rig.run(1, copyInCdb(4, 4), { dataIn: 256 })).data;
      assert.deepEqual([details[56], details[59]], [0x02, bytes.length]);
      assert.deepEqual(details.subarray(60), bytes);
      assert.deepEqual([...(await rig.run(1, copyInCdb(4, 4), { dataIn: 64 })).data], [0, 0, 0, 0], 'told');
      const status = (await rig.run(1, copyInCdb(0, 4), { dataIn: 64 })).data;
      assert.deepEqual([status[4], status[6]], [2, 2]);
      assert.deepEqual(await rig.read(rig.b, 1000, 3 * PIECE), pattern(3 * PIECE * BLOCK));
    }));

  test('an error of the source: nothing was written', () =>
    CopyRig.with(async (rig) => {
      // What is held is not answered from the cache.
      rig.a.held.holding = true;
      rig.fault = (unit, { kind }) => (unit === 'vol-a' && kind === 'read' ? 'EIO' : null);
      const copy = rig.startCopy(rig.list({ segments: [segment({ blocks: 8 })] }));
      await rig.a.held.atLeast(1);
      rig.a.held.open();
      const outcome = await copy.ended;
      assert.equal(codeOf(outcome), '0a/0d/01');
      const { sense } = outcome;
      assert.deepEqual([sense?.information, sense?.copy?.pointer], [null, 16]);
      assert.equal(sense?.copy?.forwarded?.by, 'source');
    }));

  test('a unit that is busy is asked again, but not for ever', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(8 * BLOCK));
      let busy = true;
      rig.makeBusy(rig.b, (cdb) => busy && cdb[0] === WRITE_16);
      const list = rig.list({ segments: [segment({ blocks: 8 })] });
      const copy = rig.startCopy(list);
      for (let times = 0; times < 10; times += 1) rig.clock.pass(100);
      assert.equal(copy.outcome, null);
      busy = false;
      rig.clock.pass(100);
      assert.equal(codeOf(await copy.ended), 'status 0');
      busy = true;
      const hopeless = rig.startCopy(list);
      rig.clock.pass(60_000);
      assert.equal(codeOf(await hopeless.ended), '0a/2e/02');
    }));

  test('a copy that takes too long begins nothing more, and says how far it has come', () =>
    CopyRig.with(async (rig) => {
      rig.b.held.holding = true;
      const copy = rig.startCopy(rig.list({ segments: [segment({ blocks: 8 * PIECE })] }));
      await rig.b.held.atLeast(4);
      rig.b.held.runOne();
      await rig.b.held.atLeast(4);
      rig.clock.pass(60_000);
      rig.b.held.open();
      const outcome = await copy.ended;
      assert.equal(codeOf(outcome), '0a/2e/02');
      assert.equal(outcome.sense?.information, 3 * PIECE);
      assert.deepEqual(await rig.read(rig.b, 5 * PIECE, 8), new Uint8Array(8 * BLOCK));
    }));
});

describe('EXTENDED COPY: at the last moment', () => {
  test('what has been copied whole when its time is up has succeeded', () =>
    CopyRig.with(async (rig) => {
      rig.b.held.holding = true;
      const copy = rig.startCopy(rig.list({ segments: [segment({ blocks: 2 * PIECE })] }));
      await rig.b.held.atLeast(2);
      rig.clock.pass(60_000);
      rig.b.held.open();
      assert.equal(codeOf(await copy.ended), 'status 0');
    }));
});

describe('EXTENDED COPY: freshness', () => {
  test('blocks that another nexus has accessed are written only while the initiator answers for its session', () =>
    CopyRig.with(async (rig) => {
      let answers = true;
      const unanswered: (() => void)[] = [];
      const nexus = rig.router.openNexus('iqn.test:stale', '00023d000004', rig.nexus.port, (answered) => {
        if (answers) answered();
        else unanswered.push(answered);
      });
      rig.settle(nexus);
      await rig.write(rig.a, 0, pattern(8 * BLOCK));
      await rig.read(rig.b, 0, 8);
      const list = rig.list({ segments: [segment({ blocks: 8 })] });
      assert.equal(codeOf(await rig.copy(list, { nexus })), 'status 0');
      assert.deepEqual(await rig.read(rig.b, 0, 8), pattern(8 * BLOCK));
      await rig.write(rig.b, 0, pattern(8 * BLOCK, 2));
      answers = false;
      const late = rig.startCopy(list, { nexus });
      rig.clock.pass(62_000);
      assert.equal(codeOf(await late.ended), '0a/2e/02');
      assert.ok(unanswered.length > 0, 'it was asked');
      assert.deepEqual(await rig.read(rig.b, 0, 8), pattern(8 * BLOCK, 2), 'the newer data stays');
      rig.router.closeNexus(nexus, 'logout');
    }));
});

describe('EXTENDED COPY: how it is ended from outside', () => {
  /** A copy from a to b whose first writes are held by the store of b. */
  async function held(rig: CopyRig, listIdentifier = 1) {
    rig.b.held.holding = true;
    const list = rig.list({ listIdentifier, segments: [segment({ blocks: 16 * PIECE })] });
    const copy = rig.startCopy(list);
    await rig.b.held.atLeast(4);
    return copy;
  }

  for (const [name, what] of [
    ['ABORT TASK', TaskManagementFunction.abortTask],
    ['ABORT TASK SET', TaskManagementFunction.abortTaskSet],
    ['CLEAR TASK SET', TaskManagementFunction.clearTaskSet],
    ['LOGICAL UNIT RESET', TaskManagementFunction.logicalUnitReset],
  ] as const) {
    test(`${name} of its own unit ends it, and answers when no unit works for it any more`, () =>
      CopyRig.with(async (rig) => {
        const copy = await held(rig);
        let answer: string | null = null;
        const answered = rig.manage(1, what, copy.tag).then((given) => {
          answer = given;
        });
        assert.equal(codeOf(await rig.run(3, [0, 0, 0, 0, 0, 0])), 'status 0');
        assert.deepEqual([copy.outcome, answer], [null, null], 'the store has buffers of it');
        rig.b.held.open();
        await answered;
        assert.deepEqual([(await copy.ended).how, answer], ['aborted', 'complete']);
        await rig.run(1, [0, 0, 0, 0, 0, 0]);
        const told = await rig.run(1, copyInCdb(5, 1), { dataIn: 64 });
        if (what === TaskManagementFunction.logicalUnitReset) assert.equal(codeOf(told), '05/24/00');
        else assert.deepEqual([told.data[5], told.data[12]], [0x60, 0x40], 'terminated, TASK ABORTED');
        assert.deepEqual(await rig.read(rig.b, 4 * PIECE, 8), new Uint8Array(8 * BLOCK));
      }));
  }

  test('ABORT TASK of another task, or to another unit, leaves it alone', () =>
    CopyRig.with(async (rig) => {
      const copy = await held(rig);
      const abortTask = TaskManagementFunction.abortTask;
      assert.equal(await rig.manage(1, abortTask, 999_999), 'taskDoesNotExist');
      assert.equal(await rig.manage(2, abortTask, copy.tag), 'taskDoesNotExist');
      assert.equal(await rig.manage(2, TaskManagementFunction.abortTaskSet), 'complete');
      rig.b.held.open();
      assert.equal(codeOf(await copy.ended), 'status 0');
    }));

  test('ABORT TASK before the list has come', () =>
    CopyRig.with(async (rig) => {
      const list = rig.list({ segments: [segment({ blocks: 1 })] });
      const copy = rig.startCopy(list, { unsolicited: 0, supplies: false });
      assert.equal(await rig.manage(1, TaskManagementFunction.abortTask, copy.tag), 'complete');
      assert.equal((await copy.ended).how, 'aborted');
      copy.supply();
      assert.equal(codeOf(await rig.run(1, copyInCdb(0, 1), { dataIn: 64 })), '05/24/00');
    }));

  test('a reset of one of its units by another host ends it with COPY ABORTED', () =>
    CopyRig.with(async (rig) => {
      const other = rig.openNexus('iqn.test:two');
      const copy = await held(rig);
      const answer = rig.manage(2, TaskManagementFunction.logicalUnitReset, 0, other);
      rig.b.held.open();
      assert.equal(await answer, 'complete');
      assert.equal(codeOf(await copy.ended), '0a/2f/02');
      assert.equal(codeOf(await rig.run(2, [0, 0, 0, 0, 0, 0])), '06/29/03', 'and the initiator is told');
      rig.router.closeNexus(other, 'logout');
    }));

  for (const what of [TaskManagementFunction.logicalUnitReset, TaskManagementFunction.clearTaskSet]) {
    test(`function ${what} of another host at the addressed unit ends it, though it only uses other units`, () =>
      CopyRig.with(async (rig) => {
        const other = rig.openNexus('iqn.test:two');
        rig.b.held.holding = true;
        const list = rig.list({ segments: [segment({ blocks: 16 * PIECE })] });
        const copy = rig.startCopy(list, { lun: 3 });
        const waiting = rig.startCopy(list, { lun: 3, unsolicited: 0, supplies: false });
        const elsewhere = rig.startCopy(rig.list({ listIdentifier: 9, segments: [segment({ blocks: 1 })] }));
        await rig.b.held.atLeast(4);
        let answer: string | null = null;
        const answered = rig.manage(3, what, 0, other).then((given) => {
          answer = given;
        });
        assert.equal(codeOf(await waiting.ended), '0a/2f/02');
        assert.deepEqual([copy.outcome, answer], [null, null]);
        rig.b.held.open();
        await answered;
        assert.deepEqual([codeOf(await copy.ended), answer], ['0a/2f/02', 'complete']);
        assert.equal(codeOf(await elsewhere.ended), 'status 0');
        rig.router.closeNexus(other, 'logout');
      }));
  }

  test('a reset that has to clear what a copy waits for does not wait for the copy', () =>
    CopyRig.with(async (rig) => {
      const other = rig.openNexus('iqn.test:two');
      const dataOut = pattern(8 * BLOCK);
      const stuck = rig.start(2, blockCdb(0x8a, 0, 8), { dataOut, unsolicited: 0, supplies: false });
      const copy = rig.startCopy(rig.list({ segments: [segment({ blocks: 8 })] }), { lun: 2 });
      assert.deepEqual([stuck.outcome, copy.outcome], [null, null]);
      assert.equal(await rig.manage(2, TaskManagementFunction.logicalUnitReset, 0, other), 'complete');
      assert.deepEqual([(await stuck.ended).how, codeOf(await copy.ended)], ['aborted', '0a/2f/02']);
      rig.router.closeNexus(other, 'logout');
    }));

  test('PREEMPT AND ABORT against its initiator: nothing of it is written after the answer', () =>
    CopyRig.with(async (rig) => {
      const other = rig.openNexus('iqn.test:two');
      await registerAndReserve(rig, 2, rig.nexus);
      const copy = await held(rig);
      await reserveOut(rig, 2, 0, '0000000000000000', '0000000000000def', other);
      const preempted = reserveOut(rig, 2, 5, '0000000000000def', KEY, other, 5);
      rig.b.held.open();
      await preempted;
      assert.equal(codeOf(await copy.ended), '0a/2f/02');
      rig.router.closeNexus(other, 'logout');
    }));

  test('the loss of the nexus ends it, and nothing more is written', () =>
    CopyRig.with(async (rig) => {
      const nexus = rig.openNexus('iqn.test:gone');
      rig.b.held.holding = true;
      const copy = rig.startCopy(rig.list({ segments: [segment({ blocks: 8 * PIECE })] }), { nexus });
      const waiting = rig.startCopy(rig.list({ segments: [segment({ blocks: 8 })] }), {
        nexus,
        unsolicited: 0,
        supplies: false,
      });
      await rig.b.held.atLeast(4);
      rig.router.closeNexus(nexus, 'connectionLost');
      assert.equal((await waiting.ended).how, 'aborted');
      rig.b.held.open();
      assert.equal((await copy.ended).how, 'aborted');
      assert.deepEqual(await rig.read(rig.b, 4 * PIECE, 8), new Uint8Array(8 * BLOCK));
    }));

  test('COPY OPERATION ABORT ends the copy with COPY ABORTED, and is answered behind it', () =>
    CopyRig.with(async (rig) => {
      const copy = await held(rig, 0x42);
      const status = (await rig.run(1, copyInCdb(5, 0x42), { dataIn: 64 })).data;
      assert.deepEqual([status[5], status[25]], [0x11, 1], 'in progress, in the first segment');
      assert.equal((await rig.run(1, copyInCdb(0, 0x42), { dataIn: 64 })).data[4], 0);
      assert.equal(codeOf(await rig.run(1, copyInCdb(4, 0x42), { dataIn: 64 })), '05/24/00');
      const abort = rig.start(1, copyAbortCdb(0x42));
      assert.equal(codeOf(await rig.run(1, copyAbortCdb(0x43))), '05/24/00');
      assert.deepEqual([copy.outcome, abort.outcome], [null, null]);
      rig.b.held.open();
      assert.equal(codeOf(await copy.ended), '0a/2f/02');
      assert.equal(codeOf(await abort.ended), 'status 0');
    }));

  test('a list identifier that is in use is refused, and goes on', () =>
    CopyRig.with(async (rig) => {
      const copy = await held(rig, 5);
      const again = rig.list({ listIdentifier: 5, segments: [segment({ blocks: 1 })] });
      assert.equal(codeOf(await rig.copy(again)), '05/00/16');
      const elsewhere = segment({ from: 0, to: 0, blocks: 1 });
      const other = rig.list({ listIdentifier: 5, segments: [elsewhere] });
      assert.equal(
        codeOf(await rig.copy(other, { lun: 3 })),
        'status 0',
        'another unit’s identifiers are its own',
      );
      rig.b.held.open();
      assert.equal(codeOf(await copy.ended), 'status 0');
      assert.equal(codeOf(await rig.copy(again)), 'status 0');
    }));

  test('more copies than a nexus may have: TASK SET FULL, for that nexus', () =>
    CopyRig.with(async (rig) => {
      const list = rig.list({ segments: [segment({ blocks: 1 })] });
      const start = () => rig.startCopy(list, { unsolicited: 0, supplies: false });
      const copies = Array.from({ length: 32 }, start);
      assert.equal((await rig.copy(list)).status, 0x28);
      assert.equal(codeOf(await rig.run(1, copyInCdb(3, 0), { dataIn: 64 })), 'status 0', 'but one may ask');
      const other = rig.openNexus('iqn.test:two');
      assert.equal(codeOf(await rig.copy(list, { nexus: other })), 'status 0');
      rig.router.closeNexus(other, 'logout');
      assert.equal(await rig.manage(1, TaskManagementFunction.abortTaskSet), 'complete');
      for (const copy of copies) assert.equal((await copy.ended).how, 'aborted');
      assert.equal(codeOf(await rig.copy(list)), 'status 0');
    }));
});

async function registerAndReserve(rig: CopyRig, lun: number, nexus: CopyRig['nexus']): Promise<void> {
  await reserveOut(rig, lun, 0, '0000000000000000', KEY, nexus);
  await reserveOut(rig, lun, 1, KEY, '0000000000000000', nexus, 5);
}

/** PERSISTENT RESERVE OUT. */
async function reserveOut(
  rig: CopyRig,
  lun: number,
  action: number,
  key: string,
  serviceActionKey: string,
  nexus: CopyRig['nexus'],
  type = 0,
): Promise<void> {
  const dataOut = new Uint8Array(24);
  dataOut.set(Buffer.from(key + serviceActionKey, 'hex'));
  const outcome = await rig.run(lun, [0x5f, action, type, 0, 0, 0, 0, 0, 24, 0], { dataOut, nexus });
  assert.equal(codeOf(outcome), 'status 0');
}
