/** Several connections, and both levels of error recovery, by every way to a unit. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pdu } from '../../../client/pdu-connection.ts';
import { acknowledgementTag, decodeDataIn } from '../../../src/wire/iscsi/data-in.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { RejectReason } from '../../../src/wire/iscsi/reject.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { SnackType } from '../../../src/wire/iscsi/snack-request.ts';
import { TaskResponse } from '../../../src/wire/iscsi/task-management-response.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { reach, ways } from '../support/every-way.ts';
import type { RawSession } from '../support/raw-session.ts';
import { bytesOf, LEVEL_2, lose, reassign, removeForRecovery, replace } from '../support/reassigning.ts';
import { acknowledge, DIGESTS, LEVEL_1, sendDamaged, snack } from '../support/recovering.ts';
import { BLOCK, turn } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const TAG = 0x100;
const KiB = 1024;
const ASKED = { InitialR2T: 'Yes', ImmediateData: 'No', MaxBurstLength: '65536' };

function write(by: RawSession, length: number, lba = 0, initiatorTaskTag = TAG): void {
  const cdb = blockCdb(WRITE_16, lba, length / BLOCK);
  by.command({ write: true, initiatorTaskTag, expectedDataTransferLength: length, cdb });
}

function read(by: RawSession, length: number, lba = 0, initiatorTaskTag = TAG): void {
  const cdb = blockCdb(READ_16, lba, length / BLOCK);
  by.command({ read: true, initiatorTaskTag, expectedDataTransferLength: length, cdb });
}

/** Answers R2Ts until the write is answered; gives the ranges that were asked for. */
async function finishWrite(by: RawSession, data: Uint8Array): Promise<[number, number][]> {
  const asked: [number, number][] = [];
  for (;;) {
    const pdu = await by.connection.receive();
    assert(pdu !== null);
    if (pdu.opcode === Opcode.scsiResponse) {
      const { status, statSN } = decodeScsiResponse(pdu.header);
      assert.equal(status, 0);
      acknowledge(by, statSN + 1);
      return asked;
    }
    const { targetTransferTag, bufferOffset, initiatorTaskTag, ...r2t } = decodeR2t(pdu.header);
    const end = bufferOffset + r2t.desiredDataTransferLength;
    asked.push([bufferOffset, end]);
    by.dataOut({ initiatorTaskTag, targetTransferTag, bufferOffset }, data.subarray(bufferOffset, end));
  }
}

/** Takes what comes of a read, and acknowledges it where it is asked to, up to its status or to that many bytes. */
async function finishRead(by: RawSession, bytes = Number.POSITIVE_INFINITY): Promise<Pdu[]> {
  const data: Pdu[] = [];
  for (let here = 0; here < bytes; ) {
    const pdu = await by.connection.receive();
    assert(pdu !== null);
    if (pdu.opcode === Opcode.scsiResponse) {
      const { status, statSN, expDataSN } = decodeScsiResponse(pdu.header);
      assert.deepEqual([status, expDataSN], [0, nextDataSN(data)]);
      acknowledge(by, statSN + 1);
      return data;
    }
    assert.equal(pdu.opcode, Opcode.dataIn);
    data.push(pdu);
    here += pdu.data.length;
    const targetTransferTag = acknowledgementTag(pdu.header);
    if (targetTransferTag === null || here >= bytes) continue;
    snack(by, { type: SnackType.dataAck, targetTransferTag, begRun: decodeDataIn(pdu.header).dataSN + 1 });
  }
  return data;
}

function nextDataSN(data: readonly Pdu[]): number {
  const last = data.at(-1);
  return last === undefined ? 0 : decodeDataIn(last.header).dataSN + 1;
}

for (const way of ways) {
  describe(`by way of ${way.name}`, () => {
    test('what one connection of a session writes, each of the others reads', () =>
      reach(way, async ({ open }) => {
        const session = await open({ ...LEVEL_1, ...ASKED });
        await session.join(1);
        await session.join(2);
        const data = (at: number) => pattern(96 * KiB, at);
        for (const [at, by] of session.all.entries()) write(by, 96 * KiB, at * 1000, at);
        for (const [at, by] of session.all.entries()) await finishWrite(by, data(at));
        for (const [at, by] of session.all.entries()) read(by, 96 * KiB, ((at + 1) % 3) * 1000, at);
        for (const [at, by] of session.all.entries()) {
          assert(bytesOf(await finishRead(by)).equals(data((at + 1) % 3)));
        }
      }));

    test('at level 1 damaged write data is asked for again, and lost read data is sent again', () =>
      reach(way, async ({ open }) => {
        const session = await open({ ...LEVEL_1, ...ASKED, ...DIGESTS });
        const { first } = session;
        const data = pattern(96 * KiB, 3);
        write(first, data.length);
        const { targetTransferTag } = decodeR2t((await first.receive(Opcode.r2t)).header);
        const header = first.dataOutHeader({ targetTransferTag, dataSegmentLength: 65536 });
        sendDamaged(first, header, data.subarray(0, 65536));
        await first.rejected(RejectReason.dataDigestError);
        assert.deepEqual(await finishWrite(first, data), [
          [0, 65536],
          [65536, 98304],
        ]);
        read(first, data.length);
        const pdus = await finishRead(first, data.length);
        await first.receive(Opcode.scsiResponse);
        snack(first, { initiatorTaskTag: TAG, begRun: nextDataSN(pdus) - 1, runLength: 1 });
        const [again] = await finishRead(first, 1);
        assert.deepEqual([...(again?.data ?? [])], [...(pdus.at(-1)?.data ?? [])]);
        assert(bytesOf(pdus).equals(data));
      }));

    test('at level 2 a write goes on where its connection was lost; its unit does not notice', () =>
      reach(way, async ({ open, atOwner }) => {
        const session = await open({ ...LEVEL_2, ...ASKED });
        const second = await session.join(1);
        const data = pattern(256 * KiB, 3);
        write(second, data.length);
        const { targetTransferTag } = decodeR2t((await second.receive(Opcode.r2t)).header);
        second.dataOut({ targetTransferTag, final: false }, data.subarray(0, 20 * KiB));
        await second.settle();
        await lose(session, second);
        if (atOwner !== null) assert.equal(atOwner(), 1, 'its task is there');
        await removeForRecovery(session.first, 1);
        assert.equal(await reassign(session.first, TAG, 1), TaskResponse.functionComplete);
        assert.deepEqual(await finishWrite(session.first, data), [
          [20 * KiB, 64 * KiB],
          [64 * KiB, 128 * KiB],
          [128 * KiB, 192 * KiB],
          [192 * KiB, 256 * KiB],
        ]);
        read(session.first, data.length);
        assert(bytesOf(await finishRead(session.first)).equals(data));
      }));

    test('at level 2 a long read goes on where its connection was lost, also when that was the only one', () =>
      reach(way, async ({ open }) => {
        const session = await open(LEVEL_2);
        const { first } = session;
        const length = 2 * 1024 * KiB;
        const data = pattern(length, 3);
        for (let at = 0; at < length; at += 512 * KiB) {
          write(first, 512 * KiB, at / BLOCK);
          await finishWrite(first, data.subarray(at, at + 512 * KiB));
        }
        read(first, length);
        const before = await finishRead(first, 600 * KiB);
        first.connection.destroy();
        const again = await replace(session, first, 0);
        assert.equal(await reassign(again, TAG, nextDataSN(before)), TaskResponse.functionComplete);
        const behind = await finishRead(again);
        assert(bytesOf([...before, ...behind]).equals(data));
      }));

    test('at level 2 a new session ends a kept write before its own first command', () =>
      reach(way, async ({ open, atOwner }) => {
        const session = await open({ ...LEVEL_2, ...ASKED });
        write(session.first, 64 * KiB);
        await session.first.receive(Opcode.r2t);
        await lose(session, session.first);
        const young = await open({ ...LEVEL_1, ...ASKED });
        // It overlaps the kept one, and would wait for it.
        write(young.first, 64 * KiB);
        await finishWrite(young.first, pattern(64 * KiB, 8));
        if (atOwner !== null) while (atOwner() > 0) await turn();
        read(young.first, 64 * KiB);
        assert(bytesOf(await finishRead(young.first)).equals(pattern(64 * KiB, 8)));
      }));
  });
}
