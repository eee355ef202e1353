import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskManagementFunction, type TaskManagementResponse } from '../../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { sense } from '../../../src/wire/scsi/sense.ts';
import { decodeSense } from '../../../src/wire/scsi/sense-data.ts';
import { pattern, testNexus } from '../../support/scsi.ts';
import { turn } from './reads.ts';
import { BLOCK, code, type Rig, readCdb, TEST_UNIT_READY, type UnitMaker, withRig, writeCdb } from './rig.ts';

export function describeManagement(makeUnit: UnitMaker): void {
  describe('unit attentions', () => {
    test('a new nexus is told once that the unit was reset or powered on', () =>
      withRig(makeUnit, async (rig) => {
        const nexus = testNexus('iqn.2026-11.test:new');
        await rig.refused(TEST_UNIT_READY, '06/29/00', { nexus });
        await rig.good(TEST_UNIT_READY, { nexus });
      }));

    test('one that is established reaches every nexus but the excepted one, once', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        rig.unit.establishUnitAttention(sense.capacityChanged(), rig.nexus);
        rig.unit.establishUnitAttention(sense.capacityChanged(), rig.nexus);
        await rig.good(TEST_UNIT_READY);
        await rig.refused(TEST_UNIT_READY, '06/2a/09', { nexus: other });
        await rig.good(TEST_UNIT_READY, { nexus: other });
      }));

    test('REQUEST SENSE reports them as data, one a time, in the format that was asked for', () =>
      withRig(makeUnit, async (rig) => {
        const nexus = testNexus('iqn.2026-11.test:new');
        const ask = (byte1: number) => [0x03, byte1, 0, 0, 252, 0];
        const told = async (byte1 = 0) =>
          decodeSense((await rig.good(ask(byte1), { dataIn: 252, nexus })).data);
        assert.deepEqual(await told(), sense.powerOnOrReset());
        assert.deepEqual(await told(), sense.noSense());
        rig.unit.manage(rig.nexus, TaskManagementFunction.logicalUnitReset, 0, () => {});
        await rig.refused(TEST_UNIT_READY, '06/29/03');
        assert.deepEqual(await told(1), sense.unitReset());
        await rig.good(TEST_UNIT_READY, { nexus });
        assert.equal((await rig.good(ask(1), { dataIn: 252, nexus })).data[0], 0x72);
        assert.equal((await rig.good(ask(0).with(4, 4), { dataIn: 252, nexus })).data.length, 4);
      }));

    test('one that was taken is not reported again', () =>
      withRig(makeUnit, async (rig) => {
        rig.unit.establishUnitAttention(sense.accessStateChanged(), null);
        assert.deepEqual(rig.unit.takeUnitAttention(rig.nexus), sense.accessStateChanged());
        assert.equal(rig.unit.takeUnitAttention(rig.nexus), null);
        await rig.good(TEST_UNIT_READY);
      }));
  });

  describe('task management', () => {
    test('ABORT TASK ends a waiting and a running command, and answers when they are gone', () =>
      withRig(makeUnit, async (rig) => {
        rig.held.holding = true;
        const running = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 1) });
        await rig.held.atLeast(1);
        const waiting = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 2) });
        assert.equal(await manage(rig, TaskManagementFunction.abortTask, waiting.tag), 'complete');
        assert.equal((await waiting.ended).how, 'aborted');
        const answer = manage(rig, TaskManagementFunction.abortTask, running.tag);
        await rig.good(TEST_UNIT_READY);
        assert.equal(running.outcome, null, 'the store still has its buffer');
        rig.held.open();
        assert.equal(await answer, 'complete');
        assert.equal((await running.ended).how, 'aborted');
        await rig.good(readCdb(0, 1), { dataIn: BLOCK });
      }));

    test('ABORT TASK of a task that there is not', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        rig.held.holding = true;
        const command = rig.start(readCdb(0, 1), { dataIn: BLOCK });
        await rig.held.atLeast(1);
        const abortTask = TaskManagementFunction.abortTask;
        assert.equal(await manage(rig, abortTask, 999_999), 'taskDoesNotExist');
        assert.equal(await manage(rig, abortTask, command.tag, other), 'taskDoesNotExist');
        rig.held.open();
        assert.equal((await command.ended).status, 0);
      }));

    test('ABORT TASK of a command whose data has not come', () =>
      withRig(makeUnit, async (rig) => {
        const options = { dataOut: pattern(8 * BLOCK), unsolicited: 0, supplies: false };
        const command = rig.start(writeCdb(0, 8), options);
        while (command.asked.length === 0) await turn();
        assert.equal(await manage(rig, TaskManagementFunction.abortTask, command.tag), 'complete');
        assert.equal((await command.ended).how, 'aborted');
        command.supply();
        assert.ok((await rig.read(0, 8)).every((byte) => byte === 0));
      }));

    test('ABORT TASK of a read that waits for credit', () =>
      withRig(makeUnit, async (rig) => {
        const options = { dataIn: 16384, readSet: 8192, credit: 8192, grants: false };
        const command = rig.start(readCdb(0, 32), options);
        while (command.sets.length === 0) await turn();
        assert.equal(await manage(rig, TaskManagementFunction.abortTask, command.tag), 'complete');
        assert.equal((await command.ended).how, 'aborted');
        command.grant(8192);
        await rig.good(TEST_UNIT_READY);
      }));

    test('ABORT TASK SET ends the commands of its own nexus', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        rig.held.holding = true;
        const mine = [0, 1].map((lba) => rig.start(readCdb(lba, 1), { dataIn: BLOCK }));
        const theirs = rig.start(readCdb(2, 1), { dataIn: BLOCK, nexus: other });
        await rig.held.atLeast(3);
        const answer = manage(rig, TaskManagementFunction.abortTaskSet);
        await rig.good(TEST_UNIT_READY, { nexus: other });
        rig.held.open();
        assert.equal(await answer, 'complete');
        for (const command of mine) assert.equal(command.outcome?.how, 'aborted');
        assert.equal((await theirs.ended).status, 0);
      }));

    test('CLEAR TASK SET ends the commands of all, and tells the others', () =>
      withRig(makeUnit, async (rig) => {
        const [other, idle] = [await rig.otherNexus(), await rig.otherNexus('iqn.2026-11.test:idle')];
        rig.held.holding = true;
        const commands = [rig.nexus, other].map((nexus) =>
          rig.start(readCdb(0, 1), { dataIn: BLOCK, nexus }),
        );
        await rig.held.atLeast(2);
        const answer = manage(rig, TaskManagementFunction.clearTaskSet);
        await rig.good(TEST_UNIT_READY);
        rig.held.open();
        assert.equal(await answer, 'complete');
        for (const command of commands) assert.equal((await command.ended).how, 'aborted');
        await rig.refused(TEST_UNIT_READY, '06/2f/00', { nexus: other });
        await rig.good(TEST_UNIT_READY, { nexus: other });
        await rig.good(TEST_UNIT_READY, { nexus: idle });
      }));

    test('LOGICAL UNIT RESET ends all commands, and tells every nexus', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        rig.held.holding = true;
        const running = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 1), nexus: other });
        await rig.held.atLeast(1);
        const waiting = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 2) });
        const answer = manage(rig, TaskManagementFunction.logicalUnitReset);
        await rig.refused(TEST_UNIT_READY, '06/29/03');
        rig.held.open();
        assert.equal(await answer, 'complete');
        for (const command of [running, waiting]) assert.equal((await command.ended).how, 'aborted');
        await rig.refused(TEST_UNIT_READY, '06/29/03', { nexus: other });
        assert.notDeepEqual(await rig.read(0, 1), pattern(BLOCK, 2), 'what waited has not run');
      }));

    test('CLEAR ACA is rejected', () =>
      withRig(makeUnit, async (rig) => {
        assert.equal(await manage(rig, TaskManagementFunction.clearAca), 'rejected');
      }));
  });

  describe('nexus loss', () => {
    test('ends the commands of the nexus, and the ports are told when they meet again', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        rig.held.holding = true;
        const lost = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK), nexus: other });
        await rig.held.atLeast(1);
        const waiting = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK), nexus: other });
        const mine = rig.start(readCdb(5, 1), { dataIn: BLOCK });
        await rig.held.atLeast(2);
        rig.unit.nexusLost(other, 'connectionLost');
        await rig.good(TEST_UNIT_READY);
        rig.held.open();
        for (const command of [lost, waiting]) assert.equal((await command.ended).how, 'aborted');
        assert.equal((await mine.ended).status, 0);
        const back = testNexus(other.initiatorName);
        const told = await rig.run(TEST_UNIT_READY, { nexus: back });
        assert.equal(code(told), '06/29/07');
        await rig.good(TEST_UNIT_READY, { nexus: back });
      }));
  });
}

function manage(
  rig: Rig,
  what: TaskManagementFunction,
  tag = 0,
  nexus: Nexus = rig.nexus,
): Promise<TaskManagementResponse> {
  return new Promise((resolve) => {
    rig.unit.manage(nexus, what, tag, resolve);
  });
}
