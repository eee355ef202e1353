/** Buffers are used again and again: nothing that a client is shown may be what one held before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IscsiInitiator } from '../../client/iscsi-initiator.ts';
import type { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { blockCdb, pattern } from '../support/scsi.ts';
import { BLOCK, LUN, type TestTarget, withTarget } from './support/test-target.ts';

const OLD = 0xee;
const oldRun = Buffer.alloc(4, OLD);

/** Every buffer that the pool hands out next has been full of it. */
function fillOldBuffers(pool: BufferPool): void {
  for (let length = 4096; length <= 1 << 20; length *= 2) {
    const leases = [0, 1, 2].map(() => pool.take(length));
    for (const lease of leases) {
      lease.bytes.fill(OLD);
      lease.release();
    }
  }
}

async function withClient(use: (client: IscsiInitiator, target: TestTarget) => Promise<void>): Promise<void> {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, new Uint8Array(6));
    await use(client, target);
    await client.logout();
  });
}

/** [what, CDB]: all ask for more than there is. */
const asking: readonly (readonly [string, readonly number[]])[] = [
  ['REQUEST SENSE', [0x03, 0, 0, 0, 255, 0]],
  ['REQUEST SENSE with descriptors', [0x03, 1, 0, 0, 255, 0]],
  ['INQUIRY', [0x12, 0, 0, 0xff, 0xff, 0]],
  ...[0x00, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2].map(
    (page) => [`INQUIRY ${page.toString(16)}h`, [0x12, 1, page, 0xff, 0xff, 0]] as const,
  ),
  ['MODE SENSE (6)', [0x1a, 0, 0x3f, 0xff, 255, 0]],
  ['MODE SENSE (10)', [0x5a, 0x10, 0x3f, 0xff, 0, 0, 0, 0xff, 0xff, 0]],
  ['READ CAPACITY (10)', [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['READ CAPACITY (16)', [0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ['GET LBA STATUS', [0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ['READ DEFECT DATA (10)', [0x37, 0, 0x18, 0, 0, 0, 0, 0xff, 0xff, 0]],
  ['READ DEFECT DATA (12)', [0xb7, 0x18, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ['REPORT LUNS', [0xa0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ['REPORT TARGET PORT GROUPS', [0xa3, 0x2a, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ['REPORT SUPPORTED OPERATION CODES', [0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ['REPORT SUPPORTED OPERATION CODES, one', [0xa3, 0x0c, 0x81, 0x2a, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ['REPORT SUPPORTED OPERATION CODES, none', [0xa3, 0x0c, 0x81, 0xc0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ['REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS', [0xa3, 0x0d, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]],
  ...[0, 1, 2, 3].map(
    (action) => [`PERSISTENT RESERVE IN ${action}`, [0x5e, action, 0, 0, 0, 0, 0, 0xff, 0xff, 0]] as const,
  ),
];

test('parameter data is as long as it says, and nothing of what its buffer held comes with it', () =>
  withClient(async (client, target) => {
    for (const [what, cdb] of asking) {
      fillOldBuffers(target.pool);
      const { status, dataIn, residual } = await client.command(LUN, Uint8Array.from(cdb), {
        dataInLength: 65_535,
      });
      assert.equal(status, 0, what);
      const length = 65_535 + residual;
      assert.ok(length > 0 && length < 65_535, `${what}: ${length} bytes`);
      assert.equal(dataIn.length >= length, true, what);
      assert.equal(Buffer.from(dataIn).includes(oldRun), false, what);
    }
  }));

test('blocks that were never written, were unmapped, or were written in part read as what they are', () =>
  withClient(async (client, target) => {
    fillOldBuffers(target.pool);
    const never = await client.command(LUN, blockCdb(0x88, 5000, 300), { dataInLength: 300 * BLOCK });
    assert.ok(never.dataIn.every((byte) => byte === 0));
    fillOldBuffers(target.pool);
    // 1,000 bytes of the 4 blocks that the CDB announces.
    await client.command(LUN, blockCdb(0x8a, 100, 4), { dataOut: pattern(1000) });
    fillOldBuffers(target.pool);
    const part = await client.command(LUN, blockCdb(0x88, 100, 4), { dataInLength: 4 * BLOCK });
    assert.equal(Buffer.from(part.dataIn).includes(oldRun), false);
    fillOldBuffers(target.pool);
    const more = await client.command(LUN, blockCdb(0x88, 100, 1), { dataInLength: 8 * BLOCK });
    assert.equal(more.residual, -7 * BLOCK);
    assert.equal(Buffer.from(more.dataIn).includes(oldRun), false);
  }));

test('READ BUFFER is not there to be asked', () =>
  withClient(async (client, target) => {
    fillOldBuffers(target.pool);
    for (const operation of [0x3c, 0x9b]) {
      const cdb = Uint8Array.of(operation, 2, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0);
      const { status, sense, dataIn } = await client.command(LUN, cdb, { dataInLength: 65_535 });
      assert.deepEqual([status, sense?.asc], [2, 0x20]);
      assert.equal(Buffer.from(dataIn).includes(oldRun), false);
    }
  }));

test('pings and texts bring back what was sent, and no more', () =>
  withClient(async (client, target) => {
    for (const length of [1, 2, 3, 4, 100, 4095, 8192]) {
      fillOldBuffers(target.pool);
      assert.deepEqual(await client.ping(pattern(length)), pattern(length));
    }
    fillOldBuffers(target.pool);
    const answers = await client.text([['X-key', 'v'.repeat(100)]]);
    assert.deepEqual(answers, [['X-key', 'NotUnderstood']]);
  }));
