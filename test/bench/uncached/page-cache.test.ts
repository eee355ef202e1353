import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { cachedShare } from '../../../bench/uncached/page-cache.ts';

test('a file that has just been written is in the page cache', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'crosspath-page-cache-'));
  t.after(() => rm(folder, { recursive: true }));
  const written = path.join(folder, 'written');
  await writeFile(written, new Uint8Array(1 << 20));
  assert.equal(await cachedShare(written), 1);
});
