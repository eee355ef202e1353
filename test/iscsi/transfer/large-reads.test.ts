import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../../src/buffers/buffer-pool.ts';
import { IscsiLimits } from '../../../src/limits.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { GOOD, ManualRouter, type ManualTask } from '../support/manual-router.ts';
import { BLOCK, LUN, type TestTarget, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const MIB = 1024 * 1024;

test('16 MiB come whole, while the target never holds more than a session may', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login({ keys: { MaxRecvDataSegmentLength: '65536' } });
    await client.command(LUN, new Uint8Array(6));
    for (let at = 0; at < 16; at++) {
      const write = blockCdb(WRITE_16, (at * MIB) / BLOCK, MIB / BLOCK);
      await client.command(LUN, write, { dataOut: pattern(MIB, at) });
    }
    target.pool.resetPeak();
    const read = await client.command(LUN, blockCdb(READ_16, 0, (16 * MIB) / BLOCK), {
      dataInLength: 16 * MIB,
    });
    assert.equal(read.status, 0);
    for (let at = 0; at < 16; at++) {
      assert(
        Buffer.from(read.dataIn.subarray(at * MIB, (at + 1) * MIB)).equals(pattern(MIB, at)),
        `MiB ${at}`,
      );
    }
    const bound = IscsiLimits.dataInPerCommand + 512 * 1024;
    assert(target.pool.peakLeasedBytes <= bound, `${target.pool.peakLeasedBytes} bytes at the peak`);
    await client.logout();
  });
});

test('a client that does not read holds no more than its session may, and gets all when it does', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, new Uint8Array(6));
    const other = await target.login({ initiatorName: 'iqn.2026-11.test:two' });
    await other.command(LUN, new Uint8Array(6));
    target.pool.resetPeak();
    client.connection.pause();
    const reads = Array.from({ length: 16 }, () =>
      client.start(LUN, blockCdb(READ_16, 0, (4 * MIB) / BLOCK), { dataInLength: 4 * MIB }),
    );
    // Another client is served meanwhile.
    for (let i = 0; i < 50; i++) {
      const read = await other.command(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 8 * BLOCK });
      assert.equal(read.status, 0);
    }
    client.connection.resume();
    for (const { result } of reads) assert.equal((await result).dataIn.length, 4 * MIB);
    const bound = IscsiLimits.dataInPerSession + 2 * MIB;
    assert(target.pool.peakLeasedBytes <= bound, `${target.pool.peakLeasedBytes} bytes at the peak`);
    await client.logout();
    await other.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

function leaseOf(target: TestTarget, bytes: Uint8Array): Lease {
  const lease = target.pool.take(bytes.length);
  lease.bytes.set(bytes);
  return lease;
}

/** Sends all that there is room for. Gives the new offset. */
function sendWithin(target: TestTarget, task: ManualTask, from: number, data: Uint8Array): number {
  let at = from;
  while (task.credit > 0 && at < data.length) {
    const length = Math.min(task.credit, task.command.readSetLength, data.length - at);
    task.credit -= length;
    task.command.sendDataIn(at, leaseOf(target, data.subarray(at, at + length)), null);
    at += length;
  }
  return at;
}

test('credit comes back when the data has left, and status may come after the data', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    const data = pattern(3 * MIB);
    const { result } = client.start(LUN, blockCdb(READ_16, 0, 1), { dataInLength: data.length });
    const task = await router.task(0);
    assert.equal(task.credit, IscsiLimits.dataInPerCommand);
    let at = 0;
    const grant = task.grant.bind(task);
    const whole = new Promise<void>((resolve) => {
      const goOn = () => {
        at = sendWithin(target, task, at, data);
        if (at === data.length) resolve();
      };
      task.grant = (length) => {
        grant(length);
        goOn();
      };
      goOn();
    });
    await whole;
    task.command.complete({ ...GOOD, presentedLength: data.length });
    const answer = await result;
    assert.equal(answer.status, 0);
    assert(Buffer.from(answer.dataIn).equals(data));
    await client.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('data that is sent for a command of a session that is gone is given back', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    client.start(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 8 * BLOCK });
    const task = await router.task(0);
    await client.destroy();
    await router.until(() => router.closed.length === 1);
    task.command.sendDataIn(0, leaseOf(target, pattern(BLOCK)), GOOD);
    assert.equal(target.pool.leasedBytes, 0);
  });
});
