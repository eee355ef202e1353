import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, LUN, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;

/** Every way in which data-out may be cut: immediate, unsolicited, and by R2T. */
const agreements: Record<string, Record<string, string>> = {
  'immediate data and unsolicited data': {
    InitialR2T: 'No',
    ImmediateData: 'Yes',
    FirstBurstLength: '65536',
  },
  'immediate data and R2T': { InitialR2T: 'Yes', ImmediateData: 'Yes' },
  'unsolicited data alone': { InitialR2T: 'No', ImmediateData: 'No', FirstBurstLength: '16384' },
  'R2T alone': { InitialR2T: 'Yes', ImmediateData: 'No', MaxBurstLength: '32768' },
  digests: { HeaderDigest: 'CRC32C', DataDigest: 'CRC32C', MaxBurstLength: '65536' },
  'short segments': { MaxRecvDataSegmentLength: '516', MaxBurstLength: '1024', FirstBurstLength: '512' },
};

for (const [name, keys] of Object.entries(agreements)) {
  test(`what is written is read back, with ${name}`, async () => {
    await withTarget({}, async (target) => {
      const client = await target.login({ keys });
      await client.command(LUN, new Uint8Array(6));
      for (const [seed, blocks] of [1, 2, 33, 128, 1000].entries()) {
        const data = pattern(blocks * BLOCK, seed);
        const written = await client.command(LUN, blockCdb(WRITE_16, seed * 1000, blocks), { dataOut: data });
        assert.deepEqual({ status: written.status, residual: written.residual }, { status: 0, residual: 0 });
        const read = await client.command(LUN, blockCdb(READ_16, seed * 1000, blocks), {
          dataInLength: data.length,
        });
        assert.equal(read.status, 0);
        assert.equal(read.residual, 0);
        assert(Buffer.from(read.dataIn).equals(data), `${blocks} blocks`);
      }
      await client.logout();
      assert.equal(target.pool.leasedBytes, 0);
    });
  });
}

test('many writes and reads at once keep their data apart', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, new Uint8Array(6));
    const each = Array.from({ length: 300 }, (_, i) => ({ lba: i * 16, data: pattern(16 * BLOCK, i) }));
    const written = await Promise.all(
      each.map(({ lba, data }) => client.command(LUN, blockCdb(WRITE_16, lba, 16), { dataOut: data })),
    );
    assert(written.every(({ status }) => status === 0));
    await Promise.all(
      each.map(async ({ lba, data }) => {
        const read = await client.command(LUN, blockCdb(READ_16, lba, 16), { dataInLength: data.length });
        assert(Buffer.from(read.dataIn).equals(data), `at ${lba}`);
      }),
    );
    await client.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('residuals are counted from what was expected', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, new Uint8Array(6));
    const long = await client.command(LUN, blockCdb(READ_16, 0, 2), { dataInLength: 3 * BLOCK });
    assert.deepEqual([long.status, long.residual, long.dataIn.length], [0, -BLOCK, 2 * BLOCK]);
    const short = await client.command(LUN, blockCdb(READ_16, 0, 2), { dataInLength: BLOCK });
    assert.deepEqual([short.residual, short.dataIn.length], [BLOCK, BLOCK]);
    await client.logout();
  });
});

test('a failed command brings its sense data', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, new Uint8Array(6));
    const beyond = await client.command(LUN, blockCdb(READ_16, 1 << 30, 1), { dataInLength: BLOCK });
    assert.equal(beyond.status, 2);
    assert.deepEqual([beyond.sense?.key, beyond.sense?.asc, beyond.residual], [5, 0x21, -BLOCK]);
    const write = await client.command(LUN, blockCdb(WRITE_16, 1 << 30, 1000), { dataOut: pattern(512_000) });
    assert.deepEqual([write.status, write.sense?.asc], [2, 0x21]);
    await client.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('a port counts what goes through it', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, new Uint8Array(6));
    const before = target.portal.traffic()[0];
    await client.command(LUN, blockCdb(WRITE_16, 0, 8), { dataOut: pattern(8 * BLOCK) });
    await client.command(LUN, blockCdb(READ_16, 0, 4), { dataInLength: 4 * BLOCK });
    const after = target.portal.traffic()[0];
    assert(before !== undefined && after !== undefined);
    assert.equal(after.commandsReceived - before.commandsReceived, 2);
    assert.equal(after.responsesSent - before.responsesSent, 2);
    assert.equal(after.bytesWritten - before.bytesWritten, 8 * BLOCK);
    assert.equal(after.bytesRead - before.bytesRead, 4 * BLOCK);
    assert.equal(after.sessions, 1);
    await client.logout();
  });
});
