import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool } from '../../../../src/buffers/buffer-pool.ts';
import { ScsiLimits } from '../../../../src/limits.ts';
import { LocalUnit } from '../../../../src/scsi/local-unit/local-unit.ts';
import { makeUnitIdentity } from '../../../../src/scsi/make-unit-identity.ts';
import { MemoryStore } from '../../../../src/stores/memory/memory-store.ts';
import { Status } from '../../../../src/wire/scsi/status.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { blockCdb, silentLog, testNexus, testOrder } from '../../../support/scsi.ts';
import { TestCommand } from '../../../support/test-command.ts';

const BLOCK = 512;
const MiB = 1 << 20;
const LENGTH = 48 * MiB;
const PRE_FETCH_10 = 0x34;

/** The store tells what is read of it. */
class ReadStore extends MemoryStore {
  readonly reads: { position: number; length: number }[] = [];

  override read(position: number, buffer: Uint8Array, done: (error: string | null) => void): void {
    this.reads.push({ position, length: buffer.length });
    super.read(position, buffer, done);
  }
}

function preFetch(lba: number, blocks: number) {
  const store = new ReadStore({ byteLength: LENGTH, blockLength: BLOCK });
  const pool = new BufferPool(MiB);
  const identity = makeUnitIdentity('demo', {
    name: 'a',
    owner: 'alpha',
    blockLength: BLOCK,
    byteLength: LENGTH,
  });
  const unit = new LocalUnit({
    identity,
    store,
    pool,
    clock: new ManualClock(),
    order: testOrder,
    log: silentLog,
  });
  const nexus = testNexus();
  unit.takeUnitAttention(nexus);
  const command = new TestCommand({ nexus, cdb: blockCdb(PRE_FETCH_10, lba, blocks) }).start(unit);
  assert.equal(command.outcome?.status, Status.good);
  assert.equal(pool.leasedBytes, 0);
  let at = lba * BLOCK;
  for (const { position, length } of store.reads) {
    assert.equal(position, at, 'one behind the other');
    assert.ok(length <= ScsiLimits.storePieceLength);
    at += length;
  }
  return at - lba * BLOCK;
}

describe('PRE-FETCH', () => {
  test('reads its blocks from the medium, piece by piece', () => {
    assert.equal(
      preFetch(8, (2 * ScsiLimits.storePieceLength) / BLOCK + 3),
      2 * ScsiLimits.storePieceLength + 3 * BLOCK,
    );
  });

  test('of no blocks means all to the end', () => {
    assert.equal(preFetch(LENGTH / BLOCK - 5, 0), 5 * BLOCK);
  });

  test('fetches no more than its bound, wherever it ends', () => {
    assert.equal(preFetch(16, 0), ScsiLimits.maxPreFetchBytes);
    assert.equal(preFetch(0, 65_535), Math.min(65_535 * BLOCK, ScsiLimits.maxPreFetchBytes));
  });
});
