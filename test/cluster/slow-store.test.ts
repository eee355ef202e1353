/** A store that takes its time, as it is seen through the system that does not own it. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { HeldStore } from '../support/held-store.ts';
import { blockCdb, pattern, testNexus, testPort } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';
import { TwoSystems } from './support/two-systems.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const BLOCK = 512;
const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });

it('a slow disk at the owner delays commands, keeps their order, and loses none', async () => {
  const slow = new HeldStore(new MemoryStore({ byteLength: 1 << 20, blockLength: BLOCK }));
  slow.holding = false;
  const systems = await TwoSystems.start({ transport: 'tcp', store: slow.store });
  const nexus = testNexus('iqn.2026-11.test:one', port);
  await new TestCommand({ nexus, cdb: new Uint8Array(6) }).run(systems.proxied);
  slow.holding = true;
  const order: string[] = [];
  const note = (what: string, command: TestCommand) => {
    void command.ended.then(({ status }) => order.push(`${what}: ${status}`));
    return command.start(systems.proxied);
  };
  const commands = Array.from({ length: 8 }, (_, place) => {
    const write = new TestCommand({
      nexus,
      cdb: blockCdb(WRITE_16, 0, 8),
      dataOut: pattern(4096, place),
    });
    const read = new TestCommand({ nexus, cdb: blockCdb(READ_16, 0, 8), dataIn: 4096 });
    return { write: note(`write ${place}`, write), read: note(`read ${place}`, read), place };
  });
  for (const { write, read, place } of commands) {
    await slow.atLeast(1);
    assert.equal(slow.calls.length, 1, 'the others wait');
    slow.runOne();
    assert.equal((await write.ended).status, Status.good);
    await slow.atLeast(1);
    slow.runOne();
    const { data } = await read.ended;
    assert(Buffer.from(data).equals(Buffer.from(pattern(4096, place))), `read ${place}`);
  }
  assert.deepEqual(
    order,
    commands.flatMap(({ place }) => [`write ${place}: 0`, `read ${place}: 0`]),
  );
  await systems.stop();
});
