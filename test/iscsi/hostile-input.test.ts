import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeExtendedCdb } from '../../src/wire/iscsi/ahs.ts';
import { BHS_LENGTH, NO_TAG } from '../../src/wire/iscsi/bhs.ts';
import { Opcode } from '../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../src/wire/iscsi/r2t.ts';
import { RejectReason } from '../../src/wire/iscsi/reject.ts';
import type { ScsiCommand } from '../../src/wire/iscsi/scsi-command.ts';
import { decodeScsiResponse } from '../../src/wire/iscsi/scsi-response.ts';
import { blockCdb, pattern } from '../support/scsi.ts';
import { ManualRouter } from './support/manual-router.ts';
import { RawSession } from './support/raw-session.ts';
import { assertServes, BLOCK, withTarget } from './support/test-target.ts';

const WRITE_16 = 0x8a;
const byR2t = { InitialR2T: 'Yes', ImmediateData: 'No' };

/** What a client sends, after which it is told why and its session ends, and another client notices nothing. */
const endsTheSession: Record<
  string,
  {
    readonly keys?: Record<string, string>;
    readonly reason: number;
    readonly send: (session: RawSession) => void;
  }
> = {
  'data for a task that there is not': {
    reason: RejectReason.invalidPduField,
    send: (session) => session.dataOut({ initiatorTaskTag: 0x999 }, pattern(BLOCK)),
  },
  'immediate data that was not agreed on': {
    keys: byR2t,
    reason: RejectReason.invalidPduField,
    send: (session) => session.command(write(8), pattern(BLOCK)),
  },
  'unsolicited data that was not agreed on': {
    keys: byR2t,
    reason: RejectReason.invalidPduField,
    send: (session) => session.command({ ...write(8), final: false }),
  },
  'more immediate data than the command writes': {
    reason: RejectReason.invalidPduField,
    send: (session) => session.command(write(1), pattern(2 * BLOCK)),
  },
  'more immediate data than a first burst': {
    keys: { FirstBurstLength: '1024' },
    reason: RejectReason.invalidPduField,
    send: (session) => session.command(write(8), pattern(3 * BLOCK)),
  },
  'more unsolicited data than a first burst': {
    keys: { FirstBurstLength: '1024', ImmediateData: 'No' },
    reason: RejectReason.invalidPduField,
    send: (session) => {
      session.command({ ...write(8), final: false });
      session.dataOut({ final: false }, pattern(BLOCK));
      session.dataOut({ dataSN: 1, bufferOffset: BLOCK }, pattern(2 * BLOCK));
    },
  },
  'unsolicited data with a wrong offset': {
    keys: { ImmediateData: 'No' },
    reason: RejectReason.invalidPduField,
    send: (session) => {
      session.command({ ...write(8), final: false });
      session.dataOut({ bufferOffset: BLOCK }, pattern(BLOCK));
    },
  },
  'data with a command that does not write': {
    reason: RejectReason.invalidPduField,
    send: (session) => session.command({ read: true, expectedDataTransferLength: BLOCK }, pattern(BLOCK)),
  },
  'the reserved task tag': {
    reason: RejectReason.invalidPduField,
    send: (session) => session.command({ initiatorTaskTag: NO_TAG }),
  },
  'a reserved task attribute': {
    reason: RejectReason.invalidPduField,
    send: (session) => session.command({ attributes: 5 }),
  },
  'additional headers longer than their segment': {
    reason: RejectReason.invalidPduField,
    send: (session) => {
      const header = new Uint8Array(BHS_LENGTH + 4);
      header.set(session.commandHeader());
      header[4] = 1;
      header.set([0xff, 0xff, 1, 0], BHS_LENGTH);
      session.connection.send(header);
    },
  },
  'a data segment that is longer than was declared': {
    reason: RejectReason.invalidPduField,
    send: (session) =>
      session.connection.send(session.commandHeader({ ...write(8), dataSegmentLength: 262_145 })),
  },
  'the longest data segment that there is': {
    reason: RejectReason.invalidPduField,
    send: (session) =>
      session.connection.send(session.commandHeader({ ...write(8), dataSegmentLength: 0xffffff })),
  },
  'a login request in full feature phase': {
    reason: RejectReason.protocolError,
    send: (session) => session.connection.send(session.header(Opcode.loginRequest | 0x40)),
  },
};

function write(blocks: number): Partial<ScsiCommand> {
  return {
    write: true,
    expectedDataTransferLength: blocks * BLOCK,
    cdb: cdb16(blockCdb(WRITE_16, 0, blocks)),
  };
}

function cdb16(cdb: Uint8Array): Uint8Array {
  const padded = new Uint8Array(16);
  padded.set(cdb);
  return padded;
}

for (const [what, { keys = {}, reason, send }] of Object.entries(endsTheSession)) {
  test(`${what}: reject, and the session ends`, async () => {
    await withTarget({ router: new ManualRouter() }, async (target) => {
      const session = await RawSession.open(target, keys);
      send(session);
      await session.rejected(reason);
      await session.closed();
      assert.deepEqual(target.portal.sessions(), []);
      assert.equal(target.pool.leasedBytes, 0);
    });
    await withTarget({}, async (target) => {
      const session = await RawSession.open(target, keys);
      send(session);
      await session.rejected(reason);
      await assertServes(target);
      assert.equal(target.pool.leasedBytes, 0);
    });
  });
}

/** Wrong answers to an R2T for [0, 4096). */
const wrongAnswers: Record<string, (session: RawSession, transferTag: number) => void> = {
  'an unknown transfer tag': (session, transferTag) =>
    session.dataOut({ targetTransferTag: transferTag + 1 }, pattern(4096)),
  'no transfer tag': (session) => session.dataOut({ targetTransferTag: NO_TAG }, pattern(4096)),
  'a wrong DataSN': (session, targetTransferTag) =>
    session.dataOut({ targetTransferTag, dataSN: 1 }, pattern(4096)),
  'a wrong offset': (session, targetTransferTag) =>
    session.dataOut({ targetTransferTag, bufferOffset: 512 }, pattern(512)),
  'too much data': (session, targetTransferTag) => session.dataOut({ targetTransferTag }, pattern(4097)),
  'too little data': (session, targetTransferTag) => session.dataOut({ targetTransferTag }, pattern(4095)),
  'an end that is not said': (session, targetTransferTag) =>
    session.dataOut({ targetTransferTag, final: false }, pattern(4096)),
};

for (const [what, answer] of Object.entries(wrongAnswers)) {
  test(`an R2T answered with ${what}: reject, and the session ends`, async () => {
    await withTarget({}, async (target) => {
      const session = await RawSession.open(target, byR2t);
      session.command();
      await session.receive(Opcode.scsiResponse);
      session.command(write(8));
      const { targetTransferTag } = decodeR2t((await session.receive(Opcode.r2t)).header);
      answer(session, targetTransferTag);
      await session.rejected(RejectReason.invalidPduField);
      await session.closed();
      await assertServes(target);
      assert.equal(target.pool.leasedBytes, 0);
    });
  });
}

test('a task tag that is in use: reject, and the session ends', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target);
    session.command();
    session.command();
    await session.rejected(RejectReason.taskInProgress);
    await session.closed();
    assert.equal(router.tasks.length, 1);
  });
});

test('what the target does not do is rejected, and the session goes on', async () => {
  await withTarget({ router: new ManualRouter() }, async (target) => {
    const session = await RawSession.open(target);
    session.connection.send(session.header(Opcode.snackRequest));
    await session.rejected(RejectReason.snackReject);
    for (const opcode of [0x07, 0x1c, Opcode.nopIn, Opcode.reject]) {
      session.connection.send(session.header(opcode));
      await session.rejected(RejectReason.commandNotSupported);
    }
    const bidirectional = { ...write(8), read: true, final: false };
    session.command(bidirectional, pattern(BLOCK));
    session.dataOut({ bufferOffset: BLOCK, initiatorTaskTag: 0x100 }, pattern(7 * BLOCK));
    await session.rejected(RejectReason.commandNotSupported);
    await session.settle();
    session.connection.destroy();
  });
});

test('immediate commands beyond the bound are rejected, and the others run', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target);
    for (let tag = 0; tag < 33; tag++) session.command({ immediate: true, initiatorTaskTag: tag });
    await session.rejected(RejectReason.tooManyImmediateCommands);
    assert.equal(router.tasks.length, 32);
    session.connection.destroy();
  });
});

test('a command in a discovery session is rejected', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login({ targetName: null });
    await assert.rejects(client.command(1, new Uint8Array(6)), /commandNotSupported/);
    await client.logout();
  });
});

test('a LUN that is no unit is answered by the router, not by the transport', async () => {
  await withTarget({}, async (target) => {
    const session = await RawSession.open(target);
    session.command({ lun: new Uint8Array(8).fill(0xff) });
    const { header } = await session.receive(Opcode.scsiResponse);
    assert.equal(decodeScsiResponse(header).status, 2);
    session.connection.destroy();
  });
});

test('a CDB longer than 16 bytes comes whole', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target);
    const rest = pattern(16, 3);
    const extension = encodeExtendedCdb(rest);
    const header = new Uint8Array(BHS_LENGTH + extension.length);
    header.set(session.commandHeader({ cdb: pattern(16) }));
    header[4] = extension.length / 4;
    header.set(extension, BHS_LENGTH);
    session.connection.send(header);
    const { command } = await router.task(0);
    assert.deepEqual(Buffer.from(command.cdb), Buffer.concat([pattern(16), rest]));
    session.connection.destroy();
  });
});

test('a text that is malformed or too long is rejected, and the session goes on', async () => {
  await withTarget({ router: new ManualRouter() }, async (target) => {
    const client = await target.login();
    await assert.rejects(client.text([['A b', '1']]), /protocolError/);
    await assert.rejects(client.text([['A', 'x'.repeat(20_000)]]), /protocolError/);
    assert.deepEqual(await client.ping(pattern(4)), pattern(4));
    await client.destroy();
  });
});

test('a wrong data digest ends the session, and the data is not written', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target, { DataDigest: 'CRC32C' });
    session.connection.digests = { header: false, data: false };
    session.connection.send(session.commandHeader({ ...write(1), dataSegmentLength: BLOCK }), pattern(BLOCK));
    session.connection.sendBytes(new Uint8Array(4));
    session.connection.digests = { header: false, data: true };
    await session.rejected(RejectReason.dataDigestError);
    await session.closed();
    assert.equal(router.closed.length, 1);
    assert.equal(router.tasks[0]?.arrivals, 0);
    assert.equal(router.tasks[0]?.lost, true);
  });
});

test('a wrong header digest ends the connection', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target, { HeaderDigest: 'CRC32C' });
    session.connection.digests = { header: false, data: false };
    session.connection.send(session.commandHeader());
    session.connection.sendBytes(new Uint8Array(4));
    await session.closed();
    assert.equal(router.tasks.length, 0);
  });
});

test('no bytes whatever stop the target', async () => {
  await withTarget({}, async (target) => {
    const anyHeader = fc.uint8Array({ minLength: BHS_LENGTH, maxLength: BHS_LENGTH });
    const opcode = fc.constantFrom(0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x10, 0x40, 0x41, 0x42, 0x44, 0x46);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(opcode, anyHeader), { maxLength: 8 }), async (headers) => {
        const session = await RawSession.open(target);
        for (const [first, header] of headers) {
          header[0] = first;
          header[4] = 0;
          header[5] = 0;
          header[6] = 0;
          session.connection.send(header, pattern(header[7] ?? 0));
        }
        session.connection.destroy();
        await session.connection.closed;
      }),
      { numRuns: 60 },
    );
    await assertServes(target);
  });
});
