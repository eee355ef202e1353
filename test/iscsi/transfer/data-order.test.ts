import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { RejectReason } from '../../../src/wire/iscsi/reject.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { assertServes, BLOCK, LUN, type TestTarget, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const yesNo = ['Yes', 'No'] as const;

/** Every combination of the keys that say how data-out is cut. */
function* agreements(): Generator<Record<string, string>> {
  for (const ImmediateData of yesNo)
    for (const InitialR2T of yesNo)
      for (const FirstBurstLength of ['512', '8192'])
        for (const MaxBurstLength of ['8192', '1048576'])
          for (const MaxOutstandingR2T of ['1', '3'])
            for (const digest of ['None', 'CRC32C']) {
              const cut = { ImmediateData, InitialR2T, FirstBurstLength, MaxBurstLength, MaxOutstandingR2T };
              yield { ...cut, HeaderDigest: digest, DataDigest: digest };
            }
}

async function assertHolds(target: TestTarget, lba: number, data: Uint8Array): Promise<void> {
  const witness = await target.login({ initiatorName: 'iqn.2026-11.test:witness' });
  await witness.command(LUN, new Uint8Array(6));
  const cdb = blockCdb(READ_16, lba, data.length / BLOCK);
  const read = await witness.command(LUN, cdb, { dataInLength: data.length });
  assert(Buffer.from(read.dataIn).equals(data));
  await witness.logout();
}

test('data comes as it was agreed on, in every combination of the keys that say so', async () => {
  await withTarget({}, async (target) => {
    let seed = 0;
    for (const keys of agreements()) {
      const client = await target.login({ keys });
      await client.command(LUN, new Uint8Array(6));
      for (const blocks of [1, 16, 100]) {
        seed += 1;
        const data = pattern(blocks * BLOCK, seed);
        const written = await client.command(LUN, blockCdb(WRITE_16, 0, blocks), { dataOut: data });
        assert.equal(written.status, 0, JSON.stringify(keys));
        const read = await client.command(LUN, blockCdb(READ_16, 0, blocks), { dataInLength: data.length });
        assert(Buffer.from(read.dataIn).equals(data), JSON.stringify(keys));
      }
      await client.logout();
    }
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('segments as long as they may be go both ways, with digests', async () => {
  await withTarget({}, async (target) => {
    const keys = { MaxRecvDataSegmentLength: '16777215', HeaderDigest: 'CRC32C', DataDigest: 'CRC32C' };
    const client = await target.login({ keys });
    await client.command(LUN, new Uint8Array(6));
    const data = pattern(3 * 1024 * 1024 + BLOCK, 5);
    const blocks = data.length / BLOCK;
    assert.equal((await client.command(LUN, blockCdb(WRITE_16, 0, blocks), { dataOut: data })).status, 0);
    const read = await client.command(LUN, blockCdb(READ_16, 0, blocks), { dataInLength: data.length });
    assert(Buffer.from(read.dataIn).equals(data));
    await client.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('data that comes in order is received where the unit keeps it, however many R2Ts are outstanding', async () => {
  await withTarget({}, async (target) => {
    const length = 1024 * 1024;
    const keys = { InitialR2T: 'Yes', ImmediateData: 'No', MaxBurstLength: '131072', MaxOutstandingR2T: '8' };
    const client = await target.login({ keys });
    await client.command(LUN, new Uint8Array(6));
    target.pool.resetPeak();
    const written = await client.command(LUN, blockCdb(WRITE_16, 0, length / BLOCK), {
      dataOut: pattern(length),
    });
    assert.equal(written.status, 0);
    // The segment that the store writes from, and the headers of what is sent.
    assert(target.pool.peakLeasedBytes <= length + 64 * 1024, `${target.pool.peakLeasedBytes} bytes`);
    await client.logout();
  });
});

/** The same numbers for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  const left = [...items];
  const out: T[] = [];
  for (let state = seed + 1; left.length > 0; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    out.push(...left.splice((state >>> 8) % left.length, 1));
  }
  return out;
}

const SEGMENT = 1024;
const BURST = 4096;
const OUTSTANDING = 4;
const free = {
  DataPDUInOrder: 'No',
  DataSequenceInOrder: 'No',
  MaxOutstandingR2T: String(OUTSTANDING),
  MaxBurstLength: String(BURST),
  FirstBurstLength: String(BURST),
};

/** Sends the pieces of the sequences in any order: of one sequence, and of all. */
function sendShuffled(
  session: RawSession,
  data: Uint8Array,
  places: [number, number, number][],
  seed: number,
) {
  const pieces = places.flatMap(([targetTransferTag, from, to]) =>
    Array.from({ length: (to - from) / SEGMENT }, (_, at) => ({
      targetTransferTag,
      bufferOffset: from + at * SEGMENT,
    })),
  );
  const sent = new Map<number, number>();
  const total = new Map(places.map(([tag, from, to]) => [tag, (to - from) / SEGMENT]));
  for (const { targetTransferTag, bufferOffset } of shuffled(pieces, seed)) {
    const dataSN = sent.get(targetTransferTag) ?? 0;
    sent.set(targetTransferTag, dataSN + 1);
    const final = dataSN + 1 === total.get(targetTransferTag);
    const piece = data.subarray(bufferOffset, bufferOffset + SEGMENT);
    session.dataOut({ targetTransferTag, dataSN, bufferOffset, final }, piece);
  }
}

for (const digest of ['None', 'CRC32C']) {
  test(`data that comes in any order lands where it belongs (digests: ${digest})`, async () => {
    await withTarget({}, async (target) => {
      const keys = { ...free, ImmediateData: 'No', HeaderDigest: digest, DataDigest: digest };
      const session = await RawSession.open(target, keys);
      session.command();
      await session.receive(Opcode.scsiResponse);
      for (let seed = 0; seed < 10; seed += 1) {
        const unsolicited = seed % 2 === 0 ? BURST : 0;
        const data = pattern(10 * BURST, seed);
        const cdb = blockCdb(WRITE_16, seed * 100, data.length / BLOCK);
        const shape = { write: true, final: unsolicited === 0, expectedDataTransferLength: data.length, cdb };
        session.command(shape);
        if (unsolicited > 0) sendShuffled(session, data, [[0xffffffff, 0, BURST]], seed);
        let places: [number, number, number][] = [];
        for (let left = (data.length - unsolicited) / BURST; left > 0; ) {
          const { header } = await session.receive(Opcode.r2t);
          const { targetTransferTag, bufferOffset, desiredDataTransferLength } = decodeR2t(header);
          places.push([targetTransferTag, bufferOffset, bufferOffset + desiredDataTransferLength]);
          if (places.length < Math.min(OUTSTANDING, left)) continue;
          sendShuffled(session, data, places, seed);
          left -= places.length;
          places = [];
        }
        const { header } = await session.receive(Opcode.scsiResponse);
        assert.equal(decodeScsiResponse(header).status, 0);
      }
      for (let seed = 0; seed < 10; seed += 1)
        await assertHolds(target, seed * 100, pattern(10 * BURST, seed));
      session.connection.destroy();
    });
  });
}

test('a client that goes away in the middle of data out of order leaves no buffer behind', async () => {
  await withTarget({}, async (target) => {
    const session = await RawSession.open(target, { ...free, ImmediateData: 'No', InitialR2T: 'Yes' });
    session.command();
    await session.receive(Opcode.scsiResponse);
    const cdb = blockCdb(WRITE_16, 0, 16);
    session.command({ write: true, expectedDataTransferLength: 2 * BURST, cdb });
    const tags = [];
    for (const _ of [0, 1])
      tags.push(decodeR2t((await session.receive(Opcode.r2t)).header).targetTransferTag);
    session.dataOut({ targetTransferTag: tags[1] ?? 0, bufferOffset: BURST }, pattern(BURST));
    await session.settle();
    session.connection.destroy();
    await assertServes(target);
    assert.equal(target.pool.leasedBytes, 0);
  });
});

const wrong: Record<string, { offset: number; length: number }[]> = {
  'data that is here already': [
    { offset: 1024, length: 1024 },
    { offset: 1024, length: 1024 },
  ],
  'data that overlaps what is here': [
    { offset: 0, length: 1024 },
    { offset: 1023, length: 512 },
  ],
  'data outside of what was asked for': [{ offset: 3584, length: 1024 }],
  'data behind what was asked for': [{ offset: 5000, length: 1024 }],
};

for (const [what, pieces] of Object.entries(wrong)) {
  test(`${what}, where any order was agreed on: reject, and the session ends`, async () => {
    await withTarget({ router: new ManualRouter() }, async (target) => {
      const session = await RawSession.open(target, { ...free, ImmediateData: 'No' });
      const cdb = blockCdb(WRITE_16, 0, 8);
      session.command({ write: true, final: false, expectedDataTransferLength: BURST, cdb });
      for (const [dataSN, { offset, length }] of pieces.entries()) {
        session.dataOut({ dataSN, bufferOffset: offset, final: false }, pattern(length));
      }
      await session.rejected(RejectReason.invalidPduField);
      await session.closed();
      assert.equal(target.pool.leasedBytes, 0);
    });
  });
}

test('R2Ts are fulfilled in their order where no other was agreed on', async () => {
  await withTarget({}, async (target) => {
    const keys = { MaxOutstandingR2T: '4', MaxBurstLength: '4096', InitialR2T: 'Yes', ImmediateData: 'No' };
    const session = await RawSession.open(target, keys);
    session.command();
    await session.receive(Opcode.scsiResponse);
    const cdb = blockCdb(WRITE_16, 0, 16);
    session.command({ write: true, expectedDataTransferLength: 2 * BURST, cdb });
    await session.receive(Opcode.r2t);
    const { targetTransferTag, bufferOffset } = decodeR2t((await session.receive(Opcode.r2t)).header);
    session.dataOut({ targetTransferTag, bufferOffset }, pattern(BURST));
    await session.rejected(RejectReason.invalidPduField);
    await session.closed();
  });
});
