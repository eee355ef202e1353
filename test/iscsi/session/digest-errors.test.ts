import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BHS_LENGTH, NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { encodeDataOut } from '../../../src/wire/iscsi/data-out.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { RejectReason } from '../../../src/wire/iscsi/reject.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { DIGESTS, LEVEL_1, sendDamaged } from '../support/recovering.ts';
import { assertServes, BLOCK, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const PIECE = 1024;

interface Piece {
  readonly targetTransferTag: number;
  readonly dataSN: number;
  readonly bufferOffset: number;
  readonly final: boolean;
}

/** Sends [from, to) in pieces, of which those at the given places are damaged. */
function sendPieces(
  by: RawSession,
  data: Uint8Array,
  tag: number,
  from: number,
  to: number,
  damaged: number[],
): void {
  for (let at = from; at < to; at += PIECE) {
    const bytes = data.subarray(at, Math.min(at + PIECE, to));
    const dataSN = (at - from) / PIECE;
    const piece: Piece = {
      targetTransferTag: tag,
      dataSN,
      bufferOffset: at,
      final: at + bytes.length === to,
    };
    if (damaged.includes(at)) damagedDataOut(by, piece, bytes);
    else by.dataOut(piece, bytes);
  }
}

function damagedDataOut(by: RawSession, piece: Piece, bytes: Uint8Array): void {
  const header = new Uint8Array(BHS_LENGTH);
  const fields = { lun: by.lun, initiatorTaskTag: 0x100, expStatSN: 0, dataSegmentLength: bytes.length };
  encodeDataOut({ ...fields, ...piece }, header);
  sendDamaged(by, header, bytes);
}

/** Answers R2Ts, the first one with damage, until the write is answered. Gives the ranges that were asked for. */
async function finishWrite(by: RawSession, data: Uint8Array, damaged: number[]): Promise<[number, number][]> {
  const asked: [number, number][] = [];
  let rejects = 0;
  for (;;) {
    const pdu = await by.connection.receive();
    assert(pdu !== null, 'the session goes on');
    if (pdu.opcode === Opcode.reject) rejects += 1;
    else if (pdu.opcode === Opcode.r2t) {
      const { targetTransferTag, bufferOffset, desiredDataTransferLength } = decodeR2t(pdu.header);
      const end = bufferOffset + desiredDataTransferLength;
      sendPieces(by, data, targetTransferTag, bufferOffset, end, asked.length === 0 ? damaged : []);
      asked.push([bufferOffset, end]);
    } else {
      assert.equal(pdu.opcode, Opcode.scsiResponse);
      assert.equal(decodeScsiResponse(pdu.header).status, 0);
      assert.equal(rejects, damaged.length, 'each damaged PDU is rejected');
      return asked;
    }
  }
}

async function readBack(by: RawSession, length: number): Promise<Uint8Array> {
  const cdb = blockCdb(READ_16, 0, length / BLOCK);
  by.command({ read: true, initiatorTaskTag: 0x101, expectedDataTransferLength: length, cdb });
  const pdu = await by.receive(Opcode.dataIn);
  await by.receive(Opcode.scsiResponse);
  return pdu.data;
}

const damages: Record<string, { damaged: number[]; again: [number, number][] }> = {
  'at the beginning of a sequence': { damaged: [0], again: [[0, 1024]] },
  'in the middle of it': { damaged: [2048, 3072], again: [[2048, 4096]] },
  'at its end': { damaged: [7168], again: [[7168, 8192]] },
  'in several places': {
    damaged: [1024, 5120],
    again: [
      [1024, 2048],
      [5120, 6144],
    ],
  },
};

for (const [where, { damaged, again }] of Object.entries(damages)) {
  test(`data that was damaged ${where} is rejected, asked for again, and stored right`, async () => {
    await withTarget({}, async (target) => {
      const keys = { ...LEVEL_1, ...DIGESTS, ImmediateData: 'No', InitialR2T: 'Yes' };
      const session = await RawSession.open(target, keys);
      session.command({ initiatorTaskTag: 1 });
      await session.receive(Opcode.scsiResponse);
      const data = pattern(8192, 3);
      session.command({ write: true, expectedDataTransferLength: 8192, cdb: blockCdb(WRITE_16, 0, 16) });
      assert.deepEqual(await finishWrite(session, data, damaged), [[0, 8192], ...again]);
      assert(Buffer.from(await readBack(session, 8192)).equals(data));
      session.connection.destroy();
      await session.connection.closed;
      await assertServes(target);
      assert.equal(target.pool.leasedBytes, 0);
    });
  });
}

test('unsolicited data that was damaged is asked for', async () => {
  await withTarget({}, async (target) => {
    const keys = { ...LEVEL_1, ...DIGESTS, ImmediateData: 'No', InitialR2T: 'No', FirstBurstLength: '4096' };
    const session = await RawSession.open(target, keys);
    session.command({ initiatorTaskTag: 1 });
    await session.receive(Opcode.scsiResponse);
    const data = pattern(8192, 4);
    const cdb = blockCdb(WRITE_16, 0, 16);
    session.command({ write: true, final: false, expectedDataTransferLength: 8192, cdb });
    sendPieces(session, data, NO_TAG, 0, 4096, [1024]);
    await session.rejected(RejectReason.dataDigestError);
    assert.deepEqual(await finishWrite(session, data, []), [
      [1024, 2048],
      [4096, 8192],
    ]);
    assert(Buffer.from(await readBack(session, 8192)).equals(data));
    session.connection.destroy();
  });
});

test('a command whose immediate data was damaged has not come: it may be sent again, and those behind it wait', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target, { ...LEVEL_1, ...DIGESTS });
    const { cmdSN } = session;
    const data = pattern(BLOCK, 7);
    const write = { write: true, expectedDataTransferLength: BLOCK, cdb: blockCdb(WRITE_16, 0, 1) };
    const header = session.commandHeader({ ...write, dataSegmentLength: BLOCK });
    sendDamaged(session, header, data);
    await session.rejected(RejectReason.dataDigestError);
    session.command({ initiatorTaskTag: 2 });
    await session.settle();
    assert.equal(router.tasks.length, 0);
    session.command({ ...write, cmdSN }, data);
    session.cmdSN -= 1;
    const task = await router.task(0);
    await router.task(1);
    assert.deepEqual(Buffer.from(task.received), Buffer.from(data));
    for (const { command } of router.tasks) command.complete(GOOD);
    await session.receive(Opcode.scsiResponse);
    await session.receive(Opcode.scsiResponse);
    session.connection.destroy();
  });
});

test('a ping whose data was damaged is rejected, and answered when it is sent again', async () => {
  await withTarget({ router: new ManualRouter() }, async (target) => {
    const session = await RawSession.open(target, { ...LEVEL_1, ...DIGESTS });
    const header = new Uint8Array(BHS_LENGTH);
    const tags = { lun: session.lun, initiatorTaskTag: 5, targetTransferTag: NO_TAG };
    const data = pattern(100);
    encodeNopOut(
      { immediate: true, dataSegmentLength: 100, ...tags, cmdSN: session.cmdSN, expStatSN: 0 },
      header,
    );
    sendDamaged(session, header, data);
    await session.rejected(RejectReason.dataDigestError);
    session.connection.send(header, data);
    assert.deepEqual([...(await session.receive(Opcode.nopIn)).data], [...data]);
    session.connection.destroy();
  });
});

test('a header that was damaged closes the connection: where the next one begins is not known', async () => {
  await withTarget({ router: new ManualRouter() }, async (target) => {
    const session = await RawSession.open(target, { ...LEVEL_1, ...DIGESTS });
    session.connection.sendBytes(Buffer.concat([session.commandHeader(), Buffer.alloc(4)]));
    await session.closed();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(target.portal.sessions(), []);
  });
});
