import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { ServedCommand } from '../../../src/cluster/unit-server/served-command.ts';
import { UnitServer } from '../../../src/cluster/unit-server/unit-server.ts';
import { Stages } from '../../../src/latency/stages.ts';
import { LinkLimits } from '../../../src/limits.ts';
import { DiscardedData } from '../../../src/scsi/discarded-data.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import type { Command, Task } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { emptyCommand, encodeCommand } from '../../../src/wire/interconnect/command.ts';
import { FrameType, putU32 } from '../../../src/wire/interconnect/frame.ts';
import { encodeNexusOpen } from '../../../src/wire/interconnect/nexus.ts';
import { FieldWatch } from '../../support/fields.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { pattern, silentLog, testNexus, testOrder } from '../../support/scsi.ts';
import { FramesOfOneSide, headerOf, TERMS } from '../support/frames-of-one-side.ts';

const BLOCK = 512;
const BYTES = 1 << 20;
const GOOD = { status: 0, sense: null, presentedLength: 0 } as const;

interface Given {
  readonly command: ServedCommand;
  readonly timesLetGo: () => number;
}

/** Ends no command by itself. */
class PassiveUnit extends LocalUnit {
  readonly given: Given[] = [];
  endsAtOnce = false;

  override execute(command: Command): Task {
    assert.ok(command instanceof ServedCommand);
    let times = 0;
    const task = new DiscardedData(this.pool);
    task.letGo = () => {
      times += 1;
    };
    this.given.push({ command, timesLetGo: () => times });
    if (this.endsAtOnce) command.complete(GOOD);
    return task;
  }

  get last(): Given {
    const last = this.given.at(-1);
    assert.ok(last !== undefined);
    return last;
  }
}

function rig() {
  const frames = new FramesOfOneSide();
  const pool = new BufferPool(1 << 20);
  const clock = new ManualClock();
  const description = { name: 'vol-a', owner: 'alpha', blockLength: BLOCK, byteLength: BYTES };
  const identity = makeUnitIdentity('demo', description);
  const store = new MemoryStore({ byteLength: BYTES, blockLength: BLOCK });
  const unit = new PassiveUnit({ identity, store, pool, clock, order: testOrder, log: silentLog });
  const units = new Map([[1, { unit, commandsServed: 0 }]]);
  const server = new UnitServer(frames, TERMS, pool, { units, order: testOrder, stages: new Stages(clock) });
  const open = new Uint8Array(1024);
  const { initiatorName, isid, port } = testNexus();
  const { relativeId, portalGroupTag, groupId, name: portName, targetName } = port;
  const nexus = { nexus: 1, relativeId, portalGroupTag, groupId, isid, initiatorName, portName, targetName };
  server.frame(headerOf(FrameType.nexusOpen, 0), open.slice(0, encodeNexusOpen(nexus, open, 0)));
  let turn = 0;
  /** A write of so many bytes, of which some are with it and some may follow. Gives its exchange. */
  const begin = (given: { length?: number; unsolicited?: number; cdb?: Uint8Array } = {}) => {
    const { length = BLOCK, unsolicited = 0, cdb = new Uint8Array(10).fill(turn + 1) } = given;
    turn += 1;
    const bytes = new Uint8Array(1024);
    const fields = { ...emptyCommand(), nexus: 1, unit: 1, tag: turn, readSetLength: 4096, cdb };
    const lengths = { dataOutLength: length, unsolicitedLength: unsolicited };
    const parameters = bytes.slice(0, encodeCommand({ ...fields, ...lengths }, bytes, 0));
    const exchange = turn * 0x10000 + turn;
    const header = headerOf(FrameType.command, exchange, unsolicited);
    if (unsolicited > 0) assert.ok(server.payloadBuffer(header, parameters) instanceof Uint8Array);
    else assert.equal(server.frame(header, parameters), null);
    /** The data that came with it is here. */
    const arrive = () => assert.equal(server.frame(header, parameters), null);
    return { exchange, arrive };
  };
  const dataOut = (exchange: number, offset: number, length: number) => {
    const parameters = new Uint8Array(4);
    putU32(parameters, 0, offset);
    const header = headerOf(FrameType.dataOut, exchange, length);
    const buffer = server.payloadBuffer(header, parameters);
    return typeof buffer === 'string' ? buffer : server.frame(header, parameters);
  };
  return { frames, pool, server, unit, begin, dataOut };
}

describe('the object of a served command', () => {
  test('is the next one’s when it has been answered, and lets go of its task first', () => {
    const { unit, begin } = rig();
    begin();
    const { command, timesLetGo } = unit.last;
    begin();
    assert.notEqual(unit.last.command, command);
    command.complete(GOOD);
    assert.equal(timesLetGo(), 1);
    begin({ cdb: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    assert.equal(unit.last.command, command);
    assert.deepEqual([...command.cdb], [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual([command.ended, command.tag], [false, 3]);
  });

  test('is kept until the data is here that came while it was answered', () => {
    const { pool, unit, begin } = rig();
    const { arrive } = begin({ unsolicited: BLOCK });
    const { command, timesLetGo } = unit.last;
    command.complete(GOOD);
    assert.equal(timesLetGo(), 0);
    arrive();
    assert.equal(timesLetGo(), 1);
    assert.equal(pool.leasedBytes, 0);
    begin();
    assert.equal(unit.last.command, command);
  });

  test('is kept until its unit has given its task', () => {
    const { pool, unit, begin } = rig();
    unit.endsAtOnce = true;
    for (const unsolicited of [0, BLOCK]) {
      const { arrive } = begin({ unsolicited });
      if (unsolicited > 0) arrive();
      assert.equal(unit.last.timesLetGo(), 1);
      assert.equal(pool.leasedBytes, 0);
    }
    const [one, two] = unit.given;
    assert.equal(one?.command, two?.command);
  });

  test('does not get the data that comes for its last exchange, nor a word of it', () => {
    const { pool, unit, begin, dataOut } = rig();
    const { exchange } = begin({ length: 2 * BLOCK, unsolicited: 0 });
    const { command } = unit.last;
    command.receiveDataOut(0, 2 * BLOCK);
    command.complete(GOOD);
    const next = begin({ length: 2 * BLOCK });
    assert.equal(unit.last.command, command);
    assert.equal(dataOut(exchange, 0, BLOCK), null, 'it is thrown away');
    assert.match(dataOut(next.exchange, 0, BLOCK) ?? '', /bytes at offset/, 'nothing was asked for');
    assert.equal(pool.leasedBytes, 0);
  });

  test('does not ask for what its last command waited for in line', () => {
    const { frames, server, unit, begin } = rig();
    begin({ length: LinkLimits.dataOutPerLink });
    const first = unit.last.command;
    first.receiveDataOut(0, LinkLimits.dataOutPerLink);
    begin({ length: BLOCK });
    const inLine = unit.last.command;
    inLine.receiveDataOut(0, BLOCK);
    inLine.complete(GOOD);
    begin({ length: BLOCK });
    assert.equal(unit.last.command, inLine);
    first.complete(GOOD);
    assert.equal(server.dataOutUsed, 0);
    assert.equal(frames.sent.filter(({ type }) => type === FrameType.transferReady).length, 1);
  });

  test('stays its own where the command was aborted, or its outcome is unknown', () => {
    const { unit, begin } = rig();
    for (const how of ['aborted', 'outcomeUnknown'] as const) {
      begin();
      const { command, timesLetGo } = unit.last;
      command[how]();
      begin();
      assert.notEqual(unit.last.command, command);
      assert.equal(timesLetGo(), 0);
    }
  });

  test('begins again with nothing of the last command', () => {
    const { frames, server, unit, begin, dataOut } = rig();
    const [nexus, fields] = [testNexus(), emptyCommand()];
    const parameters = new Uint8Array(40);
    const again = (command: ServedCommand) => command.begin(0, nexus, fields, parameters);
    const fresh = new ServedCommand(server, nexus);
    again(fresh);
    const watch = new FieldWatch(fresh);
    const { exchange } = begin({ length: 4 * BLOCK, unsolicited: BLOCK, cdb: pattern(20) });
    const { command } = unit.last;
    command.receiveDataOut(BLOCK, BLOCK);
    dataOut(exchange, BLOCK, BLOCK);
    watch.look(command);
    Object.assign(command, { taskAttribute: 1, dataInLength: 1, dataInCredit: 1 });
    server.closed = true;
    command.receiveDataOut(2 * BLOCK, BLOCK);
    watch.look(command);
    server.closed = false;
    command.complete(GOOD);
    watch.look(command);
    again(command);
    watch.assertFresh(command);
    watch.assertAllChangedBut('#server', '#shortCdb', 'nexus', 'timing');
    assert.ok(frames.sent.length > 0);
  });
});
