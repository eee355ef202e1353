import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { pattern, testNexus } from '../../support/scsi.ts';
import { BLOCK, type Rig, readCdb, TEST_UNIT_READY, type UnitMaker, withRig, writeCdb } from './rig.ts';

const older = pattern(8 * BLOCK, 1);
const newer = pattern(8 * BLOCK, 2);

/** A nexus whose initiator answers pings when the test says so, or never: it may have given the nexus up. */
class DoubtfulNexus {
  readonly nexus: Nexus;
  pings = 0;
  answersAtOnce = false;
  #answers: (() => void)[] = [];
  #pinged: () => void = () => {};

  constructor(initiatorName: string) {
    this.nexus = testNexus(initiatorName, undefined, undefined, (answered) => {
      this.pings += 1;
      if (this.answersAtOnce) return answered();
      this.#answers.push(answered);
      this.#pinged();
    });
  }

  static async on(rig: Rig, initiatorName = 'iqn.2026-11.test:doubtful'): Promise<DoubtfulNexus> {
    const doubtful = new DoubtfulNexus(initiatorName);
    await rig.run(TEST_UNIT_READY, { nexus: doubtful.nexus });
    return doubtful;
  }

  async pinged(times: number): Promise<void> {
    while (this.pings < times) {
      await new Promise<void>((resolve) => {
        this.#pinged = resolve;
      });
    }
  }

  answer(): void {
    for (const answered of this.#answers.splice(0)) answered();
  }
}

/** docs/decisions/0006-freshness-of-writes.md */
export function describeFreshness(makeUnit: UnitMaker): void {
  describe('freshness of writes', () => {
    test('a write of blocks that another nexus has written since waits until its initiator is proven to be there', () =>
      withRig(makeUnit, async (rig) => {
        const doubtful = await DoubtfulNexus.on(rig);
        await rig.write(0, newer);
        rig.held.holding = true;
        const late = rig.start(writeCdb(4, 8), { nexus: doubtful.nexus, dataOut: older });
        await doubtful.pinged(1);
        await rig.good(TEST_UNIT_READY);
        assert.equal(rig.held.calls.length, 0, 'it has not run');
        doubtful.answer();
        await rig.held.atLeast(1);
        rig.held.open();
        assert.equal((await late.ended).status, 0);
        assert.deepEqual(await rig.read(4, 8), older);
      }));

    test('it never runs where the initiator has given the nexus up', () =>
      withRig(makeUnit, async (rig) => {
        const doubtful = await DoubtfulNexus.on(rig);
        await rig.write(0, newer);
        const late = rig.start(writeCdb(0, 8), { nexus: doubtful.nexus, dataOut: older });
        await doubtful.pinged(1);
        rig.unit.nexusLost(doubtful.nexus, 'reinstated');
        assert.equal((await late.ended).how, 'aborted');
        assert.deepEqual(await rig.read(0, 8), newer);
        doubtful.answer();
        assert.deepEqual(await rig.read(0, 8), newer);
      }));

    test('nor where another nexus has seen the blocks without it', () =>
      withRig(makeUnit, async (rig) => {
        const doubtful = await DoubtfulNexus.on(rig);
        await rig.write(0, newer);
        const first = rig.start(writeCdb(64, 8), { nexus: doubtful.nexus, dataOut: older });
        await doubtful.pinged(1).then(() => doubtful.answer());
        assert.equal((await first.ended).status, 0);
        await rig.read(64, 1);
        const late = rig.start(writeCdb(64, 8), { nexus: doubtful.nexus, dataOut: newer });
        await doubtful.pinged(2);
        rig.unit.nexusLost(doubtful.nexus, 'connectionLost');
        assert.equal((await late.ended).how, 'aborted');
        assert.deepEqual(await rig.read(64, 8), older);
      }));

    test('a proof serves as long as nobody else accesses the blocks', () =>
      withRig(makeUnit, async (rig) => {
        const doubtful = await DoubtfulNexus.on(rig);
        await rig.write(0, newer);
        const { nexus } = doubtful;
        const first = rig.start(writeCdb(0, 8), { nexus, dataOut: older });
        await doubtful.pinged(1).then(() => doubtful.answer());
        assert.equal((await first.ended).status, 0);
        for (let round = 0; round < 20; round += 1) {
          await rig.write(1024 + 8 * round, newer);
          await rig.good(writeCdb(0, 8), { nexus, dataOut: older });
        }
        assert.equal(doubtful.pings, 1);
      }));

    test('one ping serves all writes that wait for it', () =>
      withRig(makeUnit, async (rig) => {
        const doubtful = await DoubtfulNexus.on(rig);
        await rig.write(0, newer);
        const { nexus } = doubtful;
        const writes = [0, 8, 16, 24].map((lba) => rig.start(writeCdb(lba, 8), { nexus, dataOut: older }));
        await doubtful.pinged(1);
        await rig.good(TEST_UNIT_READY);
        // Those that came behind the first ping need one that is newer than themselves.
        doubtful.answersAtOnce = true;
        doubtful.answer();
        for (const write of writes) assert.equal((await write.ended).status, 0);
        assert.ok(doubtful.pings <= 2);
      }));

    test('what only reads needs no proof', () =>
      withRig(makeUnit, async (rig) => {
        const doubtful = await DoubtfulNexus.on(rig);
        await rig.write(0, newer);
        const { data } = await rig.good(readCdb(0, 8), { nexus: doubtful.nexus, dataIn: 8 * BLOCK });
        assert.deepEqual(data, newer);
        assert.equal(doubtful.pings, 0);
      }));

    test('a write that waits for a proof can be aborted, and then never runs', () =>
      withRig(makeUnit, async (rig) => {
        const doubtful = await DoubtfulNexus.on(rig);
        await rig.write(0, newer);
        const { nexus } = doubtful;
        const late = rig.start(writeCdb(0, 8), { nexus, dataOut: older, tag: 77 });
        await doubtful.pinged(1);
        const answer = await new Promise((resolve) =>
          rig.unit.manage(nexus, TaskManagementFunction.abortTask, 77, resolve),
        );
        assert.equal(answer, 'complete');
        assert.equal((await late.ended).how, 'aborted');
        doubtful.answer();
        assert.deepEqual(await rig.read(0, 8), newer);
      }));

    test('what overlaps it waits with it, and comes after it', () =>
      withRig(makeUnit, async (rig) => {
        const doubtful = await DoubtfulNexus.on(rig);
        await rig.write(0, newer);
        const held = rig.start(writeCdb(0, 8), { nexus: doubtful.nexus, dataOut: older });
        await doubtful.pinged(1);
        const behind = rig.start(writeCdb(4, 8), { dataOut: newer });
        await rig.good(TEST_UNIT_READY);
        assert.equal(behind.outcome, null);
        doubtful.answer();
        assert.equal((await held.ended).status, 0);
        assert.equal((await behind.ended).status, 0);
        assert.deepEqual(await rig.read(4, 8), newer);
      }));
  });
}
