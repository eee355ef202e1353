import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LinkLimits } from '../../src/limits.ts';
import { TaskManagementFunction, type TaskManagementResponse } from '../../src/scsi/logical-unit.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { HeldStore } from '../support/held-store.ts';
import { blockCdb, pattern, testNexus, testPort } from '../support/scsi.ts';
import { TestCommand, type TestCommandOptions } from '../support/test-command.ts';
import { allReturned } from './support/all-returned.ts';
import { type Transport, TwoSystems } from './support/two-systems.ts';

const READ16 = 0x88;
const WRITE16 = 0x8a;
const TEST_UNIT_READY = new Uint8Array(6);
const SET = LinkLimits.readSetLength;
const MiB = 1 << 20;

const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });

/** A nexus of beta's that has had its unit attention. */
async function readyNexus(systems: TwoSystems, initiator = 'iqn.2026-11.test:one') {
  const nexus = testNexus(initiator, port);
  const first = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
  assert.deepEqual([first.sense?.asc, first.sense?.ascq], [0x29, 0], 'power on');
  return nexus;
}

function stored(systems: TwoSystems, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  assert.equal(systems.store.readCached(position, bytes), true);
  return bytes;
}

function manage(systems: TwoSystems, command: TestCommand, what: TaskManagementFunction) {
  return new Promise<TaskManagementResponse>((resolve) => {
    systems.proxied.manage(command.nexus, what, command.tag, resolve);
  });
}

for (const transport of ['tcp', 'tls', 'unix', 'fcip'] as const satisfies Transport[]) {
  describe(`forwarding over ${transport}`, () => {
    let systems: TwoSystems;
    let held: HeldStore;

    beforeEach(async () => {
      systems = await TwoSystems.start({
        transport,
        wrap: (store) => {
          held = new HeldStore(store);
          held.holding = false;
          return held.store;
        },
      });
    });
    afterEach(async () => {
      held.open();
      await systems.stop();
    });

    const write = (options: Omit<TestCommandOptions, 'cdb'>, lba = 0) =>
      new TestCommand({ ...options, cdb: blockCdb(WRITE16, lba, (options.dataOut?.length ?? 0) / 512) });
    const read = (options: Omit<TestCommandOptions, 'cdb'>, lba = 0) =>
      new TestCommand({ ...options, cdb: blockCdb(READ16, lba, (options.dataIn ?? 0) / 512) });

    it('runs a write at the owner and reads it back through the proxy', async () => {
      const nexus = await readyNexus(systems);
      const data = pattern(4096);
      const written = await write({ nexus, dataOut: data }, 8).run(systems.proxied);
      assert.equal(written.status, Status.good);
      assert.deepEqual(stored(systems, 4096, 4096), data);
      const back = await read({ nexus, dataIn: 4096 }, 8).run(systems.proxied);
      assert.equal(back.status, Status.good);
      assert.deepEqual(Buffer.from(back.data), Buffer.from(data));
      assert.equal(systems.alpha.interconnect.commandsServed().get('vol-a'), 3);
      assert.equal(systems.beta.interconnect.partners[0]?.slots[0]?.link?.originator.commandsForwarded, 3);
    });

    it('sends write data with its command, in one frame', async () => {
      const nexus = await readyNexus(systems);
      const link = systems.beta.interconnect.partners[0]?.slots[0]?.link;
      // The first write of a nexus waits for the proof that it is held.
      await write({ nexus, dataOut: pattern(65536) }).run(systems.proxied);
      const before = link?.frames.framesSent ?? 0;
      const command = write({ nexus, dataOut: pattern(65536) });
      await command.run(systems.proxied);
      assert.equal((link?.frames.framesSent ?? 0) - before, 1);
      assert.deepEqual(command.asked, []);
    });

    it('fetches write data from the client as the owner asks for it, whatever came unasked', async () => {
      const nexus = await readyNexus(systems);
      for (const unsolicited of [0, 512, 65536, 3 * MiB]) {
        const data = pattern(3 * MiB, unsolicited);
        const command = write({ nexus, dataOut: data, unsolicited, chunk: 65536 });
        const outcome = await command.run(systems.proxied);
        assert.equal(outcome.status, Status.good);
        assert.deepEqual(Buffer.from(stored(systems, 0, data.length)), Buffer.from(data), `${unsolicited}`);
      }
      await allReturned(systems.beta.pool);
      await allReturned(systems.alpha.pool);
    });

    it('does not send more write data unasked than the owner allows; the owner asks for the rest', async () => {
      const nexus = await readyNexus(systems);
      held.holding = true;
      const length = 4 * MiB;
      const commands = Array.from({ length: 8 }, (_, at) =>
        write({ nexus, dataOut: pattern(length, at), chunk: MiB }, (at * length) / 512).start(
          systems.proxied,
        ),
      );
      await held.atLeast(4);
      held.open();
      for (const [at, command] of commands.entries()) {
        assert.equal((await command.ended).status, Status.good);
        assert.deepEqual(Buffer.from(stored(systems, at * length, length)), Buffer.from(pattern(length, at)));
      }
      await allReturned(systems.alpha.pool);
    });

    it('holds no more than a few read sets of a 16 MiB read, in either system', async () => {
      const nexus = await readyNexus(systems);
      systems.store.write(0, pattern(16 * MiB), false, () => undefined);
      systems.alpha.pool.resetPeak();
      systems.beta.pool.resetPeak();
      const command = read({ nexus, dataIn: 16 * MiB, credit: MiB });
      const outcome = await command.run(systems.proxied);
      assert.equal(outcome.status, Status.good);
      assert.deepEqual(Buffer.from(outcome.data), Buffer.from(pattern(16 * MiB)));
      assert.equal(command.sets.length, (16 * MiB) / SET);
      const bound = LinkLimits.readSetsPerExchange * SET;
      // What the pool counts besides read sets: the slabs in which frames are gathered.
      const slabs = 65536;
      assert.ok(
        systems.beta.pool.peakLeasedBytes <= bound + slabs,
        `beta: ${systems.beta.pool.peakLeasedBytes}`,
      );
      // The owner may be granted the next sets before it hears from its kernel that the last ones are out.
      assert.ok(
        systems.alpha.pool.peakLeasedBytes <= 2 * bound + slabs,
        `alpha: ${systems.alpha.pool.peakLeasedBytes}`,
      );
      assert.equal(systems.beta.interconnect.partners[0]?.slots[0]?.link?.originator.budget.used, 0);
    });

    it('stops at the credit of a client that takes nothing, and goes on with its grants', async () => {
      const nexus = await readyNexus(systems);
      const command = read({ nexus, dataIn: MiB, credit: 2 * SET, grants: false }).start(systems.proxied);
      const other = await read({ nexus, dataIn: 4096 }).run(systems.proxied);
      assert.equal(other.status, Status.good, 'another command is not held up');
      assert.equal(command.sets.length, 2);
      command.grant(MiB - 2 * SET);
      assert.equal((await command.ended).data.length, MiB);
    });

    it('passes on what the owner finds wrong', async () => {
      const nexus = await readyNexus(systems);
      const outcome = await read({ nexus, dataIn: 512 }, 1 << 20).run(systems.proxied);
      assert.equal(outcome.status, Status.checkCondition);
      assert.deepEqual([outcome.sense?.key, outcome.sense?.asc], [5, 0x21]);
    });

    it('answers ABORT TASK only when the owner has let go of the task', async () => {
      const nexus = await readyNexus(systems);
      held.holding = true;
      const command = write({ nexus, dataOut: pattern(4096) }).start(systems.proxied);
      await held.atLeast(1);
      const order: string[] = [];
      const response = manage(systems, command, TaskManagementFunction.abortTask).then((answer) => {
        order.push(answer);
      });
      // A round trip behind the abort: its answer is not waiting on the way.
      await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
      assert.equal(order.length, 0);
      void command.ended.then(({ how }) => void order.push(how));
      held.open();
      await response;
      assert.deepEqual(order, ['aborted', 'complete']);
    });

    it('says that a task does not exist when the owner says so', async () => {
      const nexus = await readyNexus(systems);
      const done = new TestCommand({ nexus, cdb: TEST_UNIT_READY });
      await done.run(systems.proxied);
      assert.equal(await manage(systems, done, TaskManagementFunction.abortTask), 'taskDoesNotExist');
    });

    it('resets the unit for every nexus', async () => {
      const nexus = await readyNexus(systems);
      const direct = testNexus('iqn.2026-11.test:two');
      await new TestCommand({ nexus: direct, cdb: TEST_UNIT_READY }).run(systems.local);
      const probe = new TestCommand({ nexus, cdb: TEST_UNIT_READY });
      assert.equal(await manage(systems, probe, TaskManagementFunction.logicalUnitReset), 'complete');
      for (const [unit, of] of [
        [systems.proxied, nexus],
        [systems.local, direct],
      ] as const) {
        const { sense } = await new TestCommand({ nexus: of, cdb: TEST_UNIT_READY }).run(unit);
        assert.deepEqual([sense?.asc, sense?.ascq], [0x29, 0x03]);
      }
    });

    it('aborts at the owner what a lost nexus had running', async () => {
      const nexus = await readyNexus(systems);
      held.holding = true;
      const commands = [0, 64].map((lba) =>
        write({ nexus, dataOut: pattern(4096) }, lba).start(systems.proxied),
      );
      await held.atLeast(2);
      systems.proxied.nexusLost(nexus, 'connectionLost');
      assert.deepEqual(
        commands.map(({ outcome }) => outcome?.how),
        ['aborted', 'aborted'],
      );
      held.open();
      const other = await readyNexus(systems, 'iqn.2026-11.test:two');
      assert.equal((await read({ nexus: other, dataIn: 512 }).run(systems.proxied)).status, Status.good);
      assert.equal(systems.local.taskCount, 0);
      assert.equal(systems.beta.interconnect.partners[0]?.slots[0]?.link?.originator.exchangesInFlight, 0);
      assert.equal(systems.alpha.interconnect.partners[0]?.slots[0]?.link?.server.exchangesInFlight, 0);
    });

    it('leaves the outcome of a write open when the link dies, and never runs it again', async () => {
      const nexus = await readyNexus(systems);
      held.holding = true;
      const command = write({ nexus, dataOut: pattern(4096) }).start(systems.proxied);
      await held.atLeast(1);
      const up = systems.linkUp();
      await systems.cutLink();
      assert.equal((await command.ended).how, 'unknown');
      await up;
      held.open();
      const after = await readyAgain(systems, nexus);
      assert.deepEqual(after, ['2a/6', '29/7'], 'access state changed; and to the owner the nexus was lost');
      assert.equal(held.calls.length, 0);
      assert.equal(systems.local.taskCount, 0);
      assert.equal(
        systems.alpha.interconnect.commandsServed().get('vol-a'),
        4,
        'two ready, the write, two ready less one answered here',
      );
    });

    it('answers a read with "unavailable" when the link dies, so that its client takes another path', async () => {
      const nexus = await readyNexus(systems);
      held.holding = true;
      // A read behind a held write of the same blocks waits at the owner.
      write({ nexus: testNexusAt(systems), dataOut: pattern(512) }).start(systems.local);
      await held.atLeast(1);
      const command = read({ nexus, dataIn: 512 }).start(systems.proxied);
      await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
      await systems.cutLink();
      const { how, sense } = await command.ended;
      assert.deepEqual([how, sense?.key, sense?.asc, sense?.ascq], ['status', 2, 0x04, 0x0c]);
      assert.equal(systems.local.taskCount, 1, 'the owner has aborted the read');
    });

    it('is unavailable without a link, after the unit attention that says so', async () => {
      const nexus = await readyNexus(systems);
      const direct = testNexusAt(systems);
      await systems.cutLink();
      const senses: string[] = [];
      for (let count = 0; count < 2; count++) {
        const { sense } = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
        senses.push(`${sense?.key}/${sense?.asc.toString(16)}/${sense?.ascq.toString(16)}`);
      }
      assert.deepEqual(senses, ['6/2a/6', '2/4/c']);
      const { sense } = await new TestCommand({ nexus: direct, cdb: TEST_UNIT_READY }).run(systems.local);
      assert.deepEqual([sense?.asc, sense?.ascq], [0x2a, 0x06], 'the owner’s own clients are told too');
      const answer = await manage(
        systems,
        new TestCommand({ nexus, cdb: TEST_UNIT_READY }),
        TaskManagementFunction.logicalUnitReset,
      );
      assert.equal(answer, 'rejected', 'nobody but the owner can say that a task is gone');
    });

    it('tells its partner when it stops, and lets run what runs', async () => {
      const nexus = await readyNexus(systems);
      held.holding = true;
      const running = write({ nexus, dataOut: pattern(512) }).start(systems.proxied);
      await held.atLeast(1);
      const stopping = systems.alpha.interconnect.stop(60_000);
      // The next command of the client meets the unit attention, the one after it the state.
      let last = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
      while (last.sense === null)
        last = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
      assert.deepEqual([last.sense.asc, last.sense.ascq], [0x2a, 0x06]);
      last = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
      assert.deepEqual([last.sense?.asc, last.sense?.ascq], [0x04, 0x0c]);
      held.open();
      assert.equal((await running.ended).status, Status.good);
      await stopping;
    });
  });
}

/** A nexus of the owner's own that has had its unit attention. */
function testNexusAt(systems: TwoSystems) {
  const nexus = testNexus('iqn.2026-11.test:direct');
  new TestCommand({ nexus, cdb: TEST_UNIT_READY }).start(systems.local);
  return nexus;
}

/** Sends TEST UNIT READY until it is; gives the unit attentions on the way. */
async function readyAgain(systems: TwoSystems, nexus: ReturnType<typeof testNexus>): Promise<string[]> {
  const met: string[] = [];
  for (;;) {
    const { sense } = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
    if (sense === null) return met;
    met.push(`${sense.asc.toString(16)}/${sense.ascq.toString(16)}`);
  }
}
