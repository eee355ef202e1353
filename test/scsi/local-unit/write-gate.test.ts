import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SimClock } from '../../../sim/env/clock.ts';
import { Prng } from '../../../sim/world/prng.ts';
import { Trace } from '../../../sim/world/trace.ts';
import { World } from '../../../sim/world/world.ts';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { ScsiLimits } from '../../../src/limits.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { TaskAttribute } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { Presence } from '../../../src/scsi/presence.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { Status } from '../../../src/wire/scsi/status.ts';
import {
  blockCdb,
  pattern,
  silentLog,
  testNexus,
  testOrder,
  unmapCdb,
  unmapList,
} from '../../support/scsi.ts';
import { TestCommand, type TestCommandOptions } from '../../support/test-command.ts';

const WRITE_16 = 0x8a;
const BLOCK = 512;

function make(byteLength = 8 << 20) {
  const world = new World(new Prng(1, 1), new Trace(null));
  const clock = new SimClock(world, world.newProcess('alpha'));
  const pool = new BufferPool(1 << 20);
  const store = new MemoryStore({ byteLength, blockLength: BLOCK });
  const size = { blockLength: BLOCK, byteLength };
  const identity = makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...size });
  const unit = new LocalUnit({ identity, store, pool, clock, order: testOrder, log: silentLog });
  const answers: (() => void)[] = [];
  const doubtful = testNexus('iqn.test:doubtful', undefined, undefined, (answered) => answers.push(answered));
  const sure = testNexus('iqn.test:sure');
  for (const nexus of [doubtful, sure]) unit.takeUnitAttention(nexus);
  const run = (options: TestCommandOptions) => new TestCommand(options).start(unit);
  const write = (nexus: typeof sure, lba: number, blocks = 8, options: Partial<TestCommandOptions> = {}) =>
    run({ nexus, cdb: blockCdb(WRITE_16, lba, blocks), dataOut: pattern(blocks * BLOCK), ...options });
  return { world, unit, pool, doubtful, sure, answers, run, write };
}

describe('the write gate', () => {
  it('asks nothing of an initiator that is alone with the unit', () => {
    const { doubtful, answers, write } = make();
    for (let lba = 0; lba < 800; lba += 8) assert.equal(statusOf(write(doubtful, lba)), Status.good);
    assert.equal(answers.length, 0);
  });

  it('answers BUSY when there is no proof within its bound, and asks no more than once meanwhile', async () => {
    const { world, unit, pool, doubtful, sure, answers, write } = make();
    write(sure, 0);
    const early = write(doubtful, 0);
    await world.run(ScsiLimits.proofMilliseconds / 2);
    const late = write(doubtful, 64);
    await world.run(ScsiLimits.proofMilliseconds - 10);
    assert.equal(statusOf(early), null);
    await world.run(ScsiLimits.proofMilliseconds + 10);
    assert.equal(statusOf(early), Status.busy);
    assert.equal(statusOf(late), null, 'each has its own time');
    await world.run(2 * ScsiLimits.proofMilliseconds);
    assert.equal(statusOf(late), Status.busy);
    assert.equal(answers.length, 1);
    assert.deepEqual(unit.freshness, { held: 2, refused: 2 });
    assert.equal(unit.taskCount, 0);
    assert.equal(pool.leasedBytes, 0);
  });

  it('takes what touches the whole unit for an access of the blocks by which it has grown too', () => {
    const { unit, doubtful, sure, answers, run, write } = make(65536);
    write(sure, 0);
    const before = write(doubtful, 8);
    answers.shift()?.();
    assert.equal(statusOf(before), Status.good);
    unit.grow(131072, (error) => assert.equal(error, null));
    for (const nexus of [doubtful, sure]) assert.equal(unit.takeUnitAttention(nexus)?.ascq, 0x09);
    assert.equal(statusOf(run({ nexus: sure, cdb: unmapCdb(0) })), Status.good);
    const late = write(doubtful, 200);
    assert.equal(statusOf(late), null, 'it may be older than the unmapping');
    answers.shift()?.();
    assert.equal(statusOf(late), Status.good);
  });

  it('takes a late answer for what it proves', async () => {
    const { world, doubtful, sure, answers, write } = make();
    write(sure, 0);
    write(doubtful, 0);
    await world.run(2 * ScsiLimits.proofMilliseconds);
    answers.shift()?.();
    assert.equal(statusOf(write(doubtful, 0)), Status.good);
    assert.equal(answers.length, 0);
  });

  it('lets a held write run after two pings at the most, whatever others do beside it', () => {
    const { doubtful, sure, answers, write } = make();
    write(sure, 0);
    const first = write(doubtful, 0, 1);
    // The same granule, but not the same blocks.
    const beside = () => assert.equal(statusOf(write(sure, 1, 1)), Status.good);
    beside();
    const second = write(doubtful, 2, 1);
    beside();
    answers.shift()?.();
    assert.equal(statusOf(first), Status.good);
    assert.equal(statusOf(second), null, 'the ping was sent before it came');
    beside();
    answers.shift()?.();
    assert.equal(statusOf(second), Status.good);
  });

  it('is not overtaken by a HEAD OF QUEUE task that overlaps', () => {
    const { doubtful, sure, answers, write } = make();
    write(sure, 0);
    const held = write(doubtful, 0);
    const head = write(sure, 4, 8, { attribute: TaskAttribute.headOfQueue });
    assert.equal(statusOf(head), null);
    answers.shift()?.();
    assert.equal(statusOf(held), Status.good);
    assert.equal(statusOf(head), Status.good);
  });

  it('holds what changes the unit as a whole where anybody else has accessed any of it', () => {
    const { doubtful, sure, answers, run, write } = make();
    write(sure, 4000);
    const list = unmapList([{ lba: 0, blocks: 8 }]);
    const unmap = run({ nexus: doubtful, cdb: unmapCdb(list.length), dataOut: list });
    assert.equal(statusOf(unmap), null);
    answers.shift()?.();
    assert.equal(statusOf(unmap), Status.good);
  });

  it('holds a change of the reservations where another nexus has changed them since, and does not care for data', () => {
    const { doubtful, sure, answers, run, write } = make();
    write(sure, 0);
    const register = (nexus: typeof sure, serviceAction: number, key: number) => {
      const dataOut = new Uint8Array(24);
      dataOut[15] = key;
      const cdb = Uint8Array.of(0x5f, serviceAction, 0, 0, 0, 0, 0, 0, 24, 0);
      return run({ nexus, cdb, dataOut });
    };
    const IGNORE_EXISTING = 6;
    assert.equal(statusOf(register(doubtful, IGNORE_EXISTING, 1)), Status.good);
    assert.equal(answers.length, 0);
    assert.equal(statusOf(register(sure, IGNORE_EXISTING, 2)), Status.good);
    const late = register(doubtful, IGNORE_EXISTING, 3);
    assert.equal(statusOf(late), null);
    assert.equal(statusOf(register(sure, IGNORE_EXISTING, 4)), Status.good, 'others do not wait for it');
    answers.shift()?.();
    assert.equal(statusOf(late), null, 'and what they did meanwhile counts');
    answers.shift()?.();
    assert.equal(statusOf(late), Status.good);
  });

  it('knows nothing of what was before the process, and so asks a nexus that is older than its own knowledge', () => {
    const { unit, run, answers } = make();
    const relayed = testNexus('iqn.test:relayed', undefined, undefined, (answered) => answers.push(answered));
    // As of a partner: that the nexus was opened proves nothing.
    const unproven = { ...relayed, presence: presenceOfNobody(answers) };
    unit.takeUnitAttention(unproven);
    const cdb = blockCdb(WRITE_16, 0, 8);
    const write = run({ nexus: unproven, cdb, dataOut: pattern(8 * BLOCK) });
    assert.equal(statusOf(write), null);
    answers.shift()?.();
    assert.equal(statusOf(write), Status.good);
  });
});

function presenceOfNobody(answers: (() => void)[]): Presence {
  return new Presence(testOrder, 0, (answered) => answers.push(answered));
}

/** Null while it runs. */
function statusOf({ outcome }: TestCommand): number | null {
  return outcome?.status ?? null;
}
