/** The data of commands that another connection has taken up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeDataIn } from '../../../src/wire/iscsi/data-in.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { RejectReason } from '../../../src/wire/iscsi/reject.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { TaskResponse } from '../../../src/wire/iscsi/task-management-response.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { GOOD } from '../support/manual-router.ts';
import { type ManyConnections, withSession } from '../support/many-connections.ts';
import type { RawSession } from '../support/raw-session.ts';
import {
  bytesOf,
  LEVEL_2,
  lose,
  reassign,
  receiveData,
  removeForRecovery,
  replicaOf,
} from '../support/reassigning.ts';
import { acknowledge, snack } from '../support/recovering.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const TAG = 0x100;

async function answer(by: RawSession) {
  return decodeScsiResponse((await by.receive(Opcode.scsiResponse)).header);
}

function leaseOf(session: ManyConnections, bytes: Uint8Array) {
  const lease = session.target.pool.take(bytes.length);
  lease.bytes.set(bytes);
  return lease;
}

function read(by: RawSession, length: number): void {
  by.command({ read: true, expectedDataTransferLength: length, cdb: blockCdb(READ_16, 0, length / 512) });
}

function write(by: RawSession, length: number): void {
  const cdb = blockCdb(WRITE_16, 0, length / 512);
  by.command({ write: true, expectedDataTransferLength: length, cdb });
}

for (const answered of [false, true]) {
  test(`read data is sent again from ExpDataSN on as it was, ${answered ? 'and its status' : 'and goes on'}`, async () => {
    await withSession(
      async (session, router) => {
        const keys = { MaxRecvDataSegmentLength: '1024' };
        const second = await session.join(1, keys);
        const third = await session.join(2, keys);
        read(second, 8192);
        const { command } = await router.task(0);
        const all = pattern(8192, 3);
        command.sendDataIn(0, leaseOf(session, all.subarray(0, 4096)), null);
        const first = await receiveData(second, 4);
        if (answered) {
          command.sendDataIn(4096, leaseOf(session, all.subarray(4096)), { ...GOOD, presentedLength: 8192 });
          first.push(...(await receiveData(second, 4)));
          await second.receive(Opcode.scsiResponse);
        }
        await lose(session, second);
        // What comes meanwhile is kept.
        if (!answered) command.sendDataIn(4096, leaseOf(session, all.subarray(4096, 6144)), null);
        await removeForRecovery(session.first, 1);
        assert.equal(await reassign(third, TAG, 2), TaskResponse.functionComplete);
        const again = await receiveData(third, answered ? 6 : 4);
        const known = first.slice(2).map(replicaOf);
        assert.deepEqual(again.slice(0, known.length).map(replicaOf), known);
        if (!answered) {
          command.sendDataIn(6144, leaseOf(session, all.subarray(6144)), { ...GOOD, presentedLength: 8192 });
          again.push(...(await receiveData(third, 2)));
        }
        assert(bytesOf(again).equals(all.subarray(2048)));
        assert.deepEqual(
          again.map(({ header }) => decodeDataIn(header).dataSN),
          [2, 3, 4, 5, 6, 7],
        );
        const response = await answer(third);
        assert.deepEqual([response.expDataSN, response.status], [8, 0]);
        snack(third, { initiatorTaskTag: TAG, begRun: 1, runLength: 1 });
        await third.rejected(RejectReason.protocolError);
        snack(third, { initiatorTaskTag: TAG, begRun: 7, runLength: 1 });
        await receiveData(third, 1);
        acknowledge(third, response.statSN + 1);
        await third.settle();
        assert.equal(session.target.pool.leasedBytes, 0);
      },
      { ...LEVEL_2, MaxRecvDataSegmentLength: '1024' },
    );
  });
}

test('read data is cut anew where the other connection takes shorter segments; an ExpDataSN that can not be is ignored', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1, { MaxRecvDataSegmentLength: '4096' });
    const third = await session.join(2, { MaxRecvDataSegmentLength: '1024' });
    read(second, 8192);
    const { command } = await router.task(0);
    command.sendDataIn(0, leaseOf(session, pattern(8192, 3)), { ...GOOD, presentedLength: 8192 });
    await receiveData(second, 2);
    await lose(session, second);
    await removeForRecovery(third, 1);
    assert.equal(await reassign(third, TAG, 3), TaskResponse.functionComplete);
    const data = await receiveData(third, 8);
    assert(bytesOf(data).equals(pattern(8192, 3)));
    assert.equal((await answer(third)).expDataSN, 8);
  }, LEVEL_2);
});

test('a write is asked for what did not come, in R2Ts from ExpDataSN on, and nothing is lost of what did', async () => {
  const keys = { ...LEVEL_2, InitialR2T: 'Yes', ImmediateData: 'No', MaxBurstLength: '4096' };
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const data = pattern(8192, 5);
    write(second, 8192);
    const task = await router.task(0);
    task.command.receiveDataOut(0, 8192);
    const asked = decodeR2t((await second.receive(Opcode.r2t)).header);
    const { targetTransferTag } = asked;
    second.dataOut({ targetTransferTag, final: false }, data.subarray(0, 1024));
    await second.settle();
    await lose(session, second);
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, TAG, 1), TaskResponse.functionComplete);
    const ranges: number[][] = [];
    for (const r2tSN of [1, 2]) {
      const r2t = decodeR2t((await session.first.receive(Opcode.r2t)).header);
      const { bufferOffset, desiredDataTransferLength } = r2t;
      assert.equal(r2t.r2tSN, r2tSN);
      assert.notEqual(r2t.targetTransferTag, targetTransferTag);
      ranges.push([bufferOffset, desiredDataTransferLength]);
      const bytes = data.subarray(bufferOffset, bufferOffset + desiredDataTransferLength);
      session.first.dataOut({ targetTransferTag: r2t.targetTransferTag, bufferOffset }, bytes);
    }
    assert.deepEqual(ranges, [
      [1024, 3072],
      [4096, 4096],
    ]);
    await session.first.settle();
    assert.deepEqual([...task.received], [...data]);
    task.command.complete({ ...GOOD, presentedLength: 8192 });
    assert.equal((await answer(session.first)).expDataSN, 3);
  }, keys);
});

test('a write whose unsolicited data was cut short is asked for the rest of it', async () => {
  const keys = { ...LEVEL_2, InitialR2T: 'No', ImmediateData: 'Yes', FirstBurstLength: '4096' };
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const data = pattern(4096, 5);
    const cdb = blockCdb(WRITE_16, 0, 8);
    const header = second.commandHeader({
      write: true,
      final: false,
      expectedDataTransferLength: 4096,
      dataSegmentLength: 2048,
      cdb,
    });
    // The immediate data comes no further than its middle.
    second.connection.sendBytes(Buffer.concat([header, data.subarray(0, 1000)]));
    const task = await router.task(0);
    await lose(session, second);
    assert.equal(task.lost, true);
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, TAG), TaskResponse.functionComplete);
    const r2t = decodeR2t((await session.first.receive(Opcode.r2t)).header);
    assert.deepEqual([r2t.bufferOffset, r2t.desiredDataTransferLength, r2t.r2tSN], [0, 4096, 0]);
    session.first.dataOut({ targetTransferTag: r2t.targetTransferTag }, data);
    await session.first.settle();
    assert.deepEqual([...task.received], [...data]);
  }, keys);
});

test('a write that was answered before its data came is answered when it is taken up', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    write(second, 4096);
    const { command } = await router.task(0);
    command.receiveDataOut(0, 4096);
    await second.receive(Opcode.r2t);
    command.complete(GOOD);
    await lose(session, second);
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, TAG), TaskResponse.functionComplete);
    await answer(session.first);
  }, LEVEL_2);
});
