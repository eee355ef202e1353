import assert from 'node:assert/strict';
import { open, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { NodeDisk } from '../../../src/env/node/disk.ts';
import { ThreadPoolQueue } from '../../../src/env/node/disk-queue/thread-pool-queue.ts';
import { openRecordFile, type RecordFile, recordFileLength } from '../../../src/stores/record/record-file.ts';
import { temporaryFolder } from '../temporary.ts';

const CAPACITY = 2000;
const disk = new NodeDisk(new NodeClock(), new ThreadPoolQueue());

function save(file: RecordFile, text: string): Promise<string | null> {
  return new Promise((resolve) => file.save(Buffer.from(text), resolve));
}

function textOf({ saved }: RecordFile): string | null {
  return saved === null ? null : Buffer.from(saved).toString();
}

async function reopened(path: string): Promise<string | null> {
  const file = await openRecordFile(disk, path, CAPACITY);
  await file.close();
  return textOf(file);
}

/** Changes bytes of a slot behind the file's back. */
async function damage(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.from([0xff, 0xff]), 0, 2, position);
  await file.close();
}

describe('record file', () => {
  test('gives the last record back, and none before the first', async () => {
    const path = join(temporaryFolder(after), 'record');
    const file = await openRecordFile(disk, path, CAPACITY);
    assert.equal(textOf(file), null);
    for (const text of ['one', 'two'.repeat(500), '', 'four']) {
      assert.equal(await save(file, text), null);
      const slots = await readFile(path);
      assert.ok(slots.includes(text), 'in the file before it is called back');
    }
    await file.close();
    assert.equal(await reopened(path), 'four');
    const longest = 'x'.repeat(CAPACITY);
    const again = await openRecordFile(disk, path, CAPACITY);
    await save(again, longest);
    await again.close();
    assert.equal(await reopened(path), longest);
  });

  test('a record that is cut off or damaged gives way to the one before it', async () => {
    const path = join(temporaryFolder(after), 'record');
    const slot = recordFileLength(CAPACITY) / 2;
    for (const inSlot of [1, 5, 9, 13, 17]) {
      const file = await openRecordFile(disk, path, CAPACITY);
      await save(file, 'old one');
      await save(file, 'new one');
      await file.close();
      const bytes = await readFile(path);
      const newSlot = bytes.indexOf('new one') < slot ? 0 : slot;
      await damage(path, newSlot + inSlot);
      assert.equal(await reopened(path), 'old one');
    }
  });

  test('goes on behind the record that it found', async () => {
    const path = join(temporaryFolder(after), 'record');
    for (const text of ['one', 'two', 'three']) {
      const file = await openRecordFile(disk, path, CAPACITY);
      await save(file, text);
      await file.close();
      assert.equal(await reopened(path), text);
    }
  });

  test('a file of another length is not taken', async () => {
    const path = join(temporaryFolder(after), 'record');
    await (await openRecordFile(disk, path, CAPACITY)).close();
    await truncate(path, 512);
    await assert.rejects(openRecordFile(disk, path, CAPACITY), { code: 'EINVAL' });
  });

  test('a record beyond its capacity is a bug', async () => {
    const file = await openRecordFile(disk, join(temporaryFolder(after), 'record'), CAPACITY);
    assert.throws(() => file.save(new Uint8Array(4000), () => {}));
    await file.close();
  });
});
