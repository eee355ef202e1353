import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import type { DiskDone } from '../../../src/env/disk.ts';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import type { RecordStore } from '../../../src/stores/record/record-store.ts';
import { MemoryRecord } from '../../support/memory-record.ts';
import { silentLog, testNexus, testOrder } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';

const SIZE = { byteLength: 1 << 20, blockLength: 512 };
const REPORT = [0xa3, 5, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
const SET = [0xa4, 6, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0];
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];

function make(identifyingStore: RecordStore) {
  const unit = new LocalUnit({
    identity: makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...SIZE }),
    store: new MemoryStore(SIZE),
    pool: new BufferPool(1 << 20),
    clock: new NodeClock(),
    order: testOrder,
    log: silentLog,
    identifyingStore,
  });
  const nexuses = [testNexus(), testNexus('iqn.2026-11.test:two')] as const;
  for (const nexus of nexuses) unit.takeUnitAttention(nexus);
  const start = (cdb: number[], nexus = nexuses[0]) =>
    new TestCommand({
      nexus,
      cdb,
      ...(cdb === SET ? { dataOut: Uint8Array.of(7, 9) } : { dataIn: 256 }),
    }).start(unit);
  return { unit, nexuses, start };
}

describe('identifying information', () => {
  test('outlives the process and resets', async () => {
    const record = new MemoryRecord();
    const first = make(record);
    assert.equal((await first.start(SET).ended).status, 0);
    const { unit, nexuses, start } = make(record);
    unit.manage(nexuses[0], TaskManagementFunction.logicalUnitReset, 0, () => {});
    unit.takeUnitAttention(nexuses[0]);
    assert.deepEqual([...(await start(REPORT).ended).data], [0, 0, 0, 2, 7, 9]);
  });

  test('is answered with GOOD when it is on disk, and not before', async () => {
    const saving: DiskDone[] = [];
    const { start } = make({ saved: null, save: (_, done) => saving.push(done) });
    const setting = start(SET);
    assert.equal(setting.outcome, null);
    assert.deepEqual([...(await start(REPORT).ended).data], [0, 0, 0, 0]);
    saving[0]?.(null);
    assert.equal((await setting.ended).status, 0);
    assert.deepEqual([...(await start(REPORT).ended).data], [0, 0, 0, 2, 7, 9]);
  });

  test('that can’t be saved changes nothing, and nobody is told', async () => {
    const record = new MemoryRecord();
    record.fault = 'EIO';
    const { nexuses, start } = make(record);
    const { status, sense } = await start(SET).ended;
    assert.deepEqual([status, sense?.key, sense?.asc], [2, 3, 0x0c]);
    assert.equal((await start(TEST_UNIT_READY, nexuses[1]).ended).status, 0);
    assert.deepEqual([...(await start(REPORT).ended).data], [0, 0, 0, 0]);
  });

  test('of a command that is aborted while it is saved is there, and the others are told', async () => {
    const saving: DiskDone[] = [];
    const { unit, nexuses, start } = make({ saved: null, save: (_, done) => saving.push(done) });
    const setting = start(SET);
    const answers: string[] = [];
    unit.manage(nexuses[0], TaskManagementFunction.abortTask, setting.tag, (how) => answers.push(how));
    assert.deepEqual(answers, [], 'the record is being written');
    saving[0]?.(null);
    assert.deepEqual(answers, ['complete']);
    assert.equal((await setting.ended).how, 'aborted');
    assert.equal((await start(TEST_UNIT_READY, nexuses[1]).ended).sense?.asc, 0x3f);
    assert.deepEqual([...(await start(REPORT).ended).data], [0, 0, 0, 2, 7, 9]);
  });
});
