import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Pdu } from '../../../client/pdu-connection.ts';
import { IscsiLimits } from '../../../src/limits.ts';
import { BHS_LENGTH, NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { acknowledgementTag, decodeDataIn } from '../../../src/wire/iscsi/data-in.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { RejectReason } from '../../../src/wire/iscsi/reject.ts';
import { decodeScsiResponse, snackTagOf } from '../../../src/wire/iscsi/scsi-response.ts';
import { SnackType } from '../../../src/wire/iscsi/snack-request.ts';
import { encodeText } from '../../../src/wire/iscsi/text.ts';
import { encodeTextRequest } from '../../../src/wire/iscsi/text-request.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { acknowledge, LEVEL_1, snack } from '../support/recovering.ts';
import { assertServes, BLOCK, type TestTarget, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const TAG = 0x100;

/** A session with a unit that holds `pattern(length, 9)` from block 0 on. */
async function openWith(
  target: TestTarget,
  length: number,
  keys: Record<string, string>,
): Promise<RawSession> {
  const writer = await target.login({ initiatorName: 'iqn.2026-11.test:writer' });
  await writer.command(1, new Uint8Array(6));
  await writer.command(1, blockCdb(WRITE_16, 0, length / BLOCK), { dataOut: pattern(length, 9) });
  await writer.logout();
  const session = await RawSession.open(target, { ...LEVEL_1, ...keys });
  session.command({ initiatorTaskTag: 1 });
  const { header } = await session.receive(Opcode.scsiResponse);
  acknowledge(session, decodeScsiResponse(header).statSN + 1);
  return session;
}

function read(by: RawSession, length: number): void {
  by.command({ read: true, expectedDataTransferLength: length, cdb: blockCdb(READ_16, 0, length / BLOCK) });
}

async function receiveData(by: RawSession, count: number): Promise<Pdu[]> {
  const pdus: Pdu[] = [];
  while (pdus.length < count) pdus.push(await by.receive(Opcode.dataIn));
  return pdus;
}

/** All but ExpCmdSN and MaxCmdSN, which are those of now (11.16). */
function withoutWindow({ header, data }: Pdu): Pdu {
  const copy = header.slice().fill(0, 28, 36);
  return { opcode: Opcode.dataIn, header: copy, data };
}

function bytesOf(pdus: readonly Pdu[]): Buffer {
  return Buffer.concat(pdus.map(({ data }) => data));
}

test('levels 1 and 2 are agreed on, with bursts and R2Ts that can be had again', async () => {
  await withTarget({ router: new ManualRouter() }, async (target) => {
    for (const [offer, agreed] of [
      ['0', '0'],
      ['1', '1'],
      ['2', '2'],
    ] as const) {
      const client = await target.login({ keys: { ErrorRecoveryLevel: offer, MaxOutstandingR2T: '4' } });
      const { keys } = client.session;
      assert.equal(keys.get('ErrorRecoveryLevel'), agreed);
      // 13.19: sequences come in order, and so the last R2T alone can be sent again.
      assert.equal(keys.get('MaxOutstandingR2T'), agreed === '0' ? '4' : '1');
      assert.equal(keys.get('MaxBurstLength'), agreed === '0' ? '1048576' : '262144');
      await client.destroy();
    }
    const free = { ErrorRecoveryLevel: '1', MaxOutstandingR2T: '4', DataSequenceInOrder: 'No' };
    const client = await target.login({ keys: free });
    assert.equal(client.session.keys.get('MaxOutstandingR2T'), '4');
    await client.destroy();
  });
});

test('data that was lost is sent again as it was', async () => {
  await withTarget({}, async (target) => {
    const session = await openWith(target, 8192, { MaxRecvDataSegmentLength: '1024' });
    read(session, 8192);
    const data = await receiveData(session, 8);
    const response = await session.receive(Opcode.scsiResponse);
    assert.equal(decodeScsiResponse(response.header).expDataSN, 8);
    assert(bytesOf(data).equals(pattern(8192, 9)));

    snack(session, { initiatorTaskTag: TAG, begRun: 2, runLength: 3 });
    const again = await receiveData(session, 3);
    assert.deepEqual(again.map(withoutWindow), data.slice(2, 5).map(withoutWindow));
    snack(session, { initiatorTaskTag: TAG, begRun: 6 });
    assert.deepEqual((await receiveData(session, 2)).map(withoutWindow), data.slice(6).map(withoutWindow));
    snack(session, { initiatorTaskTag: TAG });
    assert.deepEqual((await receiveData(session, 8)).map(withoutWindow), data.map(withoutWindow));

    for (const [begRun, runLength] of [
      [7, 2],
      [8, 1],
    ] as const) {
      snack(session, { initiatorTaskTag: TAG, begRun, runLength });
      await session.rejected(RejectReason.protocolError);
    }
    snack(session, { initiatorTaskTag: 0x999 });
    await session.rejected(RejectReason.protocolError);
    assert(target.pool.leasedBytes >= 8192, 'it is kept');
    acknowledge(session, decodeScsiResponse(response.header).statSN + 1);
    snack(session, { initiatorTaskTag: TAG, begRun: 2, runLength: 3 });
    await session.rejected(RejectReason.protocolError);
    session.connection.destroy();
    await session.connection.closed;
    await assertServes(target);
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('what is sent again is what was read, though it was written over meanwhile', async () => {
  await withTarget({}, async (target) => {
    const session = await openWith(target, 4096, {});
    read(session, 4096);
    await receiveData(session, 1);
    await session.receive(Opcode.scsiResponse);
    session.command(
      { initiatorTaskTag: 2, write: true, expectedDataTransferLength: 4096, cdb: blockCdb(WRITE_16, 0, 8) },
      pattern(4096, 1),
    );
    await session.receive(Opcode.scsiResponse);
    snack(session, { initiatorTaskTag: TAG });
    assert(bytesOf(await receiveData(session, 1)).equals(pattern(4096, 9)));
    session.connection.destroy();
  });
});

test('answers that were lost are sent again with their numbers, until they are acknowledged', async () => {
  await withTarget({ router: new ManualRouter() }, async (target) => {
    const session = await RawSession.open(target, LEVEL_1);
    await session.settle();
    await session.settle();
    snack(session, { type: SnackType.status, begRun: 1, runLength: 2 });
    for (const statSN of [1, 2]) {
      const { header } = await session.receive(Opcode.nopIn);
      assert.equal(new DataView(header.buffer, header.byteOffset).getUint32(24), statSN);
    }
    snack(session, { type: SnackType.status });
    for (const _ of [1, 2]) await session.receive(Opcode.nopIn);
    acknowledge(session, 2);
    for (const [begRun, runLength] of [
      [1, 1],
      [2, 9],
      [77, 1],
    ] as const) {
      snack(session, { type: SnackType.status, begRun, runLength });
      await session.rejected(RejectReason.protocolError);
    }
    snack(session, { type: SnackType.status, begRun: 2, runLength: 1 });
    await session.receive(Opcode.nopIn);
    session.connection.destroy();
  });
});

test('a long read goes on as it is acknowledged, and keeps no more than was not', async () => {
  await withTarget({}, async (target) => {
    const length = 4 * 1024 * 1024;
    const session = await openWith(target, length, {});
    target.pool.resetPeak();
    read(session, length);
    const data: Pdu[] = [];
    for (let here = 0; here < length; ) {
      const pdu = await session.receive(Opcode.dataIn);
      data.push(pdu);
      here += pdu.data.length;
      const targetTransferTag = acknowledgementTag(pdu.header);
      if (targetTransferTag === null || here < IscsiLimits.dataInPerCommand) continue;
      if (here === IscsiLimits.dataInPerCommand) {
        // Nothing more comes before it has been acknowledged.
        await session.settle();
        assert(target.pool.leasedBytes >= IscsiLimits.dataInPerCommand);
      }
      const begRun = decodeDataIn(pdu.header).dataSN + 1;
      snack(session, { type: SnackType.dataAck, targetTransferTag, begRun });
    }
    await session.receive(Opcode.scsiResponse);
    assert(bytesOf(data).equals(pattern(length, 9)));
    const asked = data.filter(({ header }) => acknowledgementTag(header) !== null).length;
    assert.equal(asked, length / IscsiLimits.recoverableBurstLength, 'once every MaxBurstLength');
    assert(target.pool.peakLeasedBytes <= IscsiLimits.dataInPerCommand + 512 * 1024);
    snack(session, { initiatorTaskTag: TAG, begRun: 0, runLength: 1 });
    await session.rejected(RejectReason.protocolError);
    session.connection.destroy();
  });
});

test('an acknowledgement of all that was sent is not one of what follows it', async () => {
  await withTarget({}, async (target) => {
    const length = 4 * 1024 * 1024;
    const session = await openWith(target, length, {});
    read(session, length);
    const burst = IscsiLimits.recoverableBurstLength;
    const [, second] = await receiveData(session, 2);
    const targetTransferTag = acknowledgementTag(second?.header ?? new Uint8Array(BHS_LENGTH)) ?? 0;
    snack(session, { type: SnackType.dataAck, targetTransferTag, begRun: 2 });
    await receiveData(session, 2);
    await session.settle();
    assert(target.pool.leasedBytes >= 2 * burst, 'it is kept');
    snack(session, { initiatorTaskTag: TAG, begRun: 2, runLength: 2 });
    assert(bytesOf(await receiveData(session, 2)).equals(pattern(length, 9).subarray(2 * burst, 4 * burst)));
    session.connection.destroy();
  });
});

test('an acknowledgement of what was never sent is rejected, one of what is over is not', async () => {
  await withTarget({}, async (target) => {
    const session = await openWith(target, 65536, { MaxRecvDataSegmentLength: '65536' });
    read(session, 65536);
    const [pdu] = await receiveData(session, 1);
    const targetTransferTag = acknowledgementTag(pdu?.header ?? new Uint8Array(BHS_LENGTH)) ?? 0;
    const { header } = await session.receive(Opcode.scsiResponse);
    for (const wrong of [{ begRun: 2 }, { begRun: 1, runLength: 1 }, { begRun: 1, targetTransferTag: 99 }]) {
      snack(session, { type: SnackType.dataAck, targetTransferTag, ...wrong });
      await session.rejected(RejectReason.invalidDataAck);
    }
    acknowledge(session, decodeScsiResponse(header).statSN + 1);
    snack(session, { type: SnackType.dataAck, targetTransferTag, begRun: 1 });
    await session.settle();
    session.connection.destroy();
  });
});

test('an R2T that was lost is sent again as long as it is not fulfilled', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target, { ...LEVEL_1, InitialR2T: 'Yes', ImmediateData: 'No' });
    session.command({ write: true, expectedDataTransferLength: 4096, cdb: blockCdb(WRITE_16, 0, 8) });
    const { command, received } = await router.task(0);
    command.receiveDataOut(0, 4096);
    const first = decodeR2t((await session.receive(Opcode.r2t)).header);
    for (const run of [{}, { begRun: 0, runLength: 1 }]) {
      snack(session, { initiatorTaskTag: TAG, ...run });
      assert.deepEqual(decodeR2t((await session.receive(Opcode.r2t)).header), first);
    }
    snack(session, { initiatorTaskTag: TAG, begRun: 1, runLength: 1 });
    await session.rejected(RejectReason.protocolError);
    session.dataOut({ targetTransferTag: first.targetTransferTag }, pattern(4096));
    snack(session, { initiatorTaskTag: TAG, begRun: 0, runLength: 1 });
    await session.rejected(RejectReason.protocolError);
    assert.deepEqual(Buffer.from(received), Buffer.from(pattern(4096)));
    command.complete(GOOD);
    await session.receive(Opcode.scsiResponse);
    session.connection.destroy();
  });
});

/** Declares a shorter MaxRecvDataSegmentLength in full feature phase. */
async function declareSegmentLength(by: RawSession, length: number): Promise<void> {
  const text = encodeText([['MaxRecvDataSegmentLength', String(length)]]);
  const header = new Uint8Array(BHS_LENGTH);
  const tags = { lun: by.lun, initiatorTaskTag: 0x400, targetTransferTag: NO_TAG };
  const how = { immediate: true, final: true, continues: false, dataSegmentLength: text.length };
  encodeTextRequest({ ...how, ...tags, cmdSN: by.cmdSN, expStatSN: 0 }, header);
  by.connection.send(header, text);
  await by.receive(Opcode.textResponse);
}

for (const when of ['before', 'behind'] as const) {
  test(`data is cut anew for a client that takes shorter segments, ${when} its status`, async () => {
    const router = new ManualRouter();
    await withTarget({ router }, async (target) => {
      const session = await RawSession.open(target, { ...LEVEL_1, MaxRecvDataSegmentLength: '4096' });
      read(session, 8192);
      const { command } = await router.task(0);
      const lease = target.pool.take(8192);
      lease.bytes.set(pattern(8192, 2));
      command.sendDataIn(0, lease, null);
      await receiveData(session, 2);
      let statSN = -1;
      if (when === 'behind') {
        command.complete(GOOD);
        statSN = decodeScsiResponse((await session.receive(Opcode.scsiResponse)).header).statSN;
      }
      await declareSegmentLength(session, 1024);
      snack(session, { type: SnackType.rData, initiatorTaskTag: TAG, targetTransferTag: 0x77 });
      const data = await receiveData(session, 8);
      assert(bytesOf(data).equals(pattern(8192, 2)));
      assert.deepEqual(
        data.map(({ header }) => decodeDataIn(header).dataSN),
        [0, 1, 2, 3, 4, 5, 6, 7],
      );
      if (when === 'before') command.complete(GOOD);
      const { header } = await session.receive(Opcode.scsiResponse);
      assert.equal(snackTagOf(header), 0x77);
      assert.equal(decodeScsiResponse(header).expDataSN, 8);
      if (when === 'behind') assert.equal(decodeScsiResponse(header).statSN, statSN);
      session.connection.destroy();
    });
  });
}

test('a client that acknowledges nothing is not kept for without end', async () => {
  await withTarget({ router: new ManualRouter() }, async (target) => {
    const session = await RawSession.open(target, LEVEL_1);
    for (let count = 0; count <= IscsiLimits.keptAnswers; count += 1) {
      session.connection.send(session.header(0x1c));
    }
    while ((await session.connection.receive()) !== null);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(target.portal.sessions(), []);
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('below level 1 nothing is kept, and a SNACK is rejected', async () => {
  await withTarget({}, async (target) => {
    const session = await openWith(target, 8192, { ErrorRecoveryLevel: '0' });
    read(session, 8192);
    const [pdu] = await receiveData(session, 1);
    assert.equal(decodeDataIn(pdu?.header ?? new Uint8Array(BHS_LENGTH)).withStatus, true);
    for (const type of Object.values(SnackType)) {
      snack(session, { type, initiatorTaskTag: TAG });
      await session.rejected(RejectReason.snackReject);
    }
    assert.equal(target.pool.leasedBytes, 0);
    session.connection.destroy();
  });
});

test('no SNACK, whatever it says, brings the target out of step', async () => {
  await withTarget({}, async (target) => {
    const session = await openWith(target, 65536, { MaxRecvDataSegmentLength: '4096' });
    const number = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 0xffffffff }));
    const tag = fc.oneof(fc.constantFrom(TAG, NO_TAG, 1, 2), number);
    const any = fc.record({
      type: fc.integer({ min: 0, max: 15 }),
      initiatorTaskTag: tag,
      targetTransferTag: tag,
      begRun: number,
      runLength: number,
      expStatSN: fc.oneof(fc.constant(0), number),
    });
    for (const changes of fc.sample(any, { numRuns: 100, seed: 11 })) {
      read(session, 65536);
      snack(session, changes);
      const response = await until(session, Opcode.scsiResponse);
      acknowledge(session, decodeScsiResponse(response.header).statSN + 1);
    }
    session.connection.destroy();
    await session.connection.closed;
    await assertServes(target);
    assert.equal(target.pool.leasedBytes, 0);
  });
});

/** The next PDU of that kind. */
async function until(by: RawSession, opcode: number): Promise<Pdu> {
  for (;;) {
    const pdu = await by.connection.receive();
    assert(pdu !== null, 'the session goes on');
    if (pdu.opcode === opcode) return pdu;
  }
}
