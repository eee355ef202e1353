import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool, type Lease } from '../../../src/buffers/buffer-pool.ts';
import { Originator } from '../../../src/cluster/proxied-unit/originator.ts';
import { ProxiedTask } from '../../../src/cluster/proxied-unit/proxied-task.ts';
import { BudgetShare } from '../../../src/cluster/proxied-unit/read-budget.ts';
import { ReadWindow } from '../../../src/cluster/proxied-unit/read-window.ts';
import { WriteRelay } from '../../../src/cluster/proxied-unit/write-relay.ts';
import { LinkLimits } from '../../../src/limits.ts';
import type { CommandResult } from '../../../src/scsi/logical-unit.ts';
import { FINAL, FrameType, putU32 } from '../../../src/wire/interconnect/frame.ts';
import { encodeResult, ResultKind } from '../../../src/wire/interconnect/result.ts';
import { FieldWatch } from '../../support/fields.ts';
import { blockCdb, pattern, testNexus } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';
import { FramesOfOneSide, headerOf, TERMS } from '../support/frames-of-one-side.ts';

const BLOCK = 512;
const UNIT = 1;
const SET = LinkLimits.readSetLength;

/** Its transport keeps the data. */
class KeepingCommand extends TestCommand {
  readonly kept: Lease[] = [];

  override sendDataIn(offset: number, data: Lease, final: CommandResult | null): void {
    this.kept.push(data);
    super.sendDataIn(offset, { bytes: data.bytes, release: () => {} }, final);
  }
}

function rig() {
  const frames = new FramesOfOneSide();
  const pool = new BufferPool(1 << 20);
  const originator = new Originator(frames, TERMS, pool, SET);
  const nexus = testNexus();
  const unit = {
    execute: (command: TestCommand) => {
      const task = originator.execute(UNIT, command);
      assert.ok(task !== null);
      return task;
    },
  };
  const execute = { execute: (command: unknown) => unit.execute(command as TestCommand) };
  const read = (blocks = 1, options = {}) =>
    new KeepingCommand({
      nexus,
      cdb: blockCdb(0x28, 0, blocks),
      dataIn: blocks * BLOCK,
      grants: false,
      ...options,
    }).start(execute);
  const write = (blocks = 1, options = {}) =>
    new TestCommand({
      nexus,
      cdb: blockCdb(0x2a, 0, blocks),
      dataOut: pattern(blocks * BLOCK),
      ...options,
    }).start(execute);
  /** Of the command that was forwarded last. */
  const exchange = () => frames.sent.findLast(({ type }) => type === FrameType.command)?.exchange ?? 0;
  const dataIn = (number: number, offset: number, length: number, ends: boolean) => {
    const parameters = new Uint8Array(ends ? 10 : 4);
    putU32(parameters, 0, offset);
    if (ends)
      encodeResult({ kind: ResultKind.status, status: 0, presentedLength: 7, sense: null }, parameters, 4);
    const header = headerOf(FrameType.dataIn, number, length, ends ? FINAL : 0);
    const buffer = originator.payloadBuffer(header, parameters);
    return typeof buffer === 'string' ? buffer : originator.frame(header, parameters);
  };
  const respond = (number: number, kind: number = ResultKind.status) => {
    const parameters = new Uint8Array(6);
    encodeResult({ kind, status: 0, presentedLength: 7, sense: null }, parameters, 0);
    return originator.frame(headerOf(FrameType.response, number), parameters);
  };
  const ready = (number: number, offset: number, length: number) => {
    const parameters = new Uint8Array(8);
    putU32(parameters, 0, offset);
    putU32(parameters, 4, length);
    return originator.frame(headerOf(FrameType.transferReady, number), parameters);
  };
  return { frames, pool, originator, nexus, read, write, exchange, dataIn, respond, ready };
}

describe('the task of a forwarded command', () => {
  test('is the next one’s when the exchange has ended and the transport has let go of it and of its data', () => {
    const { pool, read, exchange, dataIn } = rig();
    const command = read();
    const { task } = command;
    assert.equal(dataIn(exchange(), 0, BLOCK, true), null);
    assert.equal(command.outcome?.presentedLength, 7);
    command.letGo();
    assert.notEqual(read().task, task, 'the transport has a read set yet');
    for (const lease of command.kept) lease.release();
    assert.equal(pool.leasedBytes, 0);
    assert.equal(read().task, task);
  });

  test('does not hear of what comes for its last exchange', () => {
    const { pool, write, exchange, respond, ready } = rig();
    const first = write();
    const before = exchange();
    respond(before);
    const { task } = first;
    first.letGo();
    const second = write(4, { unsolicited: 0 });
    assert.equal(second.task, task);
    assert.match(respond(before) ?? '', /no exchange/);
    assert.match(ready(before, 0, BLOCK) ?? '', /no exchange/);
    assert.deepEqual([second.outcome, second.asked], [null, []]);
    assert.equal(ready(exchange(), 0, 4 * BLOCK), null);
    assert.deepEqual(second.asked, [[0, 4 * BLOCK]]);
    respond(exchange());
    assert.equal(second.outcome?.how, 'status');
    assert.equal(pool.leasedBytes, 0);
  });

  test('stays its own where the nexus was lost, the outcome is unknown, or the owner has aborted it', () => {
    for (const ends of ['lost', 'unknown', 'aborted'] as const) {
      const { originator, nexus, write, exchange, respond } = rig();
      const command = write();
      if (ends === 'lost') originator.nexusLost(nexus, 'connectionLost');
      respond(exchange(), ends === 'lost' ? ResultKind.status : ResultKind[ends]);
      assert.notEqual(command.outcome?.how, 'status');
      const { task } = command;
      command.letGo();
      assert.notEqual(write().task, task, ends);
    }
  });

  test('stays its own while it waits in line for credit', () => {
    const { originator, read, exchange, respond } = rig();
    const share = LinkLimits.dataInPerLink / 2;
    const held: [number, KeepingCommand][] = [];
    // They take all that one nexus may have, and one more has none.
    while (originator.budget.used < share) held.push([exchange(), read((4 * SET) / BLOCK)]);
    const inLine = read();
    respond(exchange());
    const { task } = inLine;
    inLine.letGo();
    assert.notEqual(read().task, task, 'it is still in line');
    respond(exchange());
    const [number] = held[1] ?? [0];
    respond(number);
    assert.equal(read().task, task, 'its turn came, and it wanted nothing');
  });
});

describe('what begins again for another forwarded command', () => {
  test('has nothing of the last one: the task', () => {
    const { originator, nexus, read, exchange, dataIn } = rig();
    const share = new BudgetShare(originator.budget);
    const command = new TestCommand({ nexus, cdb: blockCdb(0x28, 0, 1), dataIn: BLOCK });
    const begin = (task: ProxiedTask) => task.begin(0, 0, share, 0, command, 0);
    const fresh = new ProxiedTask(originator, share);
    begin(fresh);
    const watch = new FieldWatch(fresh);
    const { task } = read(1, { readSet: 4096 });
    assert.ok(task instanceof ProxiedTask);
    task.look();
    watch.look(task);
    dataIn(exchange(), 0, BLOCK, true);
    watch.look(task);
    task.letGo();
    watch.look(task);
    const kept = read(8);
    watch.look(kept.task);
    dataIn(exchange(), 0, 8 * BLOCK, true);
    for (const lease of kept.kept) lease.release();
    kept.task.letGo();
    watch.look(kept.task);
    begin(task);
    watch.assertFresh(task);
    watch.assertAllChangedBut('#originator', '#writes', '#reads', '#result');
  });

  test('has nothing of the last one: its write data', () => {
    const { originator } = rig();
    const relay = new WriteRelay(originator);
    relay.begin(0, 0, 0);
    const watch = new FieldWatch(relay);
    relay.begin(BLOCK, 3 * BLOCK, 8 * BLOCK);
    for (let piece = 0; piece < 3; piece += 1) {
      relay.buffer(BLOCK);
      watch.look(relay);
      relay.filled(true);
      if (piece === 0) relay.takeFirst()?.release();
    }
    relay.ownerReady(BLOCK, BLOCK + 100);
    relay.passOn(0);
    watch.look(relay);
    relay.drop();
    relay.begin(0, 0, 0);
    watch.assertFresh(relay);
    watch.assertAllChangedBut('#originator');
  });

  test('has nothing of the last one: its read data', () => {
    const { originator } = rig();
    const [share, other] = [new BudgetShare(originator.budget), new BudgetShare(originator.budget)];
    const window = new ReadWindow(originator, share, { creditFree: () => {} });
    window.begin(share, 0, 0, 0);
    const watch = new FieldWatch(window);
    window.begin(other, 1 << 30, 1 << 30, 1 << 28);
    window.takeCredit();
    window.buffer(0, BLOCK);
    watch.look(window);
    window.filled();
    watch.look(window);
    window.buffer(BLOCK, BLOCK);
    window.end();
    watch.look(window);
    window.begin(share, 0, 0, 0);
    watch.assertFresh(window);
    watch.assertAllChangedBut('#originator', '#share', '#taker');
  });
});
