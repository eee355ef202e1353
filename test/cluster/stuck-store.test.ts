/** A store that does not answer, as it is seen through the system that does not own it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ScsiLimits } from '../../src/limits.ts';
import { AccessState } from '../../src/scsi/access-states.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { HeldStore } from '../support/held-store.ts';
import { blockCdb, pattern, testNexus, testPort } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';
import { TwoSystems } from './support/two-systems.ts';

const WRITE_16 = 0x8a;
const READ_16 = 0x88;
const TEST_UNIT_READY = new Uint8Array(6);
const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });

describe('a store that does not answer, through a proxy', () => {
  let systems: TwoSystems;
  let held: HeldStore;

  beforeEach(async () => {
    systems = await TwoSystems.start({
      transport: 'tcp',
      wrap: (store) => {
        held = new HeldStore(store);
        return held.store;
      },
    });
  });
  afterEach(async () => {
    held.open();
    await systems.stop();
  });

  const run = (cdb: Uint8Array, options: { dataOut?: Uint8Array; dataIn?: number } = {}) =>
    new TestCommand({ nexus, cdb, ...options }).run(systems.proxied);
  const nexus = testNexus('iqn.2026-11.test:one', port);

  /** The looks that make up the bound, at once; the next real one tells the partner. */
  async function untilAvailable(available: boolean): Promise<void> {
    for (let passed = 0; passed <= ScsiLimits.storeCallMilliseconds; passed += ScsiLimits.lookMilliseconds)
      systems.local.look();
    assert.equal(systems.local.available, available);
    while (systems.proxied.available !== available) await new Promise((resolve) => setImmediate(resolve));
  }

  it('makes the unit unavailable everywhere, and available again when it answers', async () => {
    assert.equal((await run(TEST_UNIT_READY)).sense?.asc, 0x29, 'power on');
    const write = run(blockCdb(WRITE_16, 0, 1), { dataOut: pattern(512) });
    await held.atLeast(1);
    await untilAvailable(false);
    assert.equal((await write).how, 'unknown');

    const { identity } = systems.local;
    for (const { interconnect } of [systems.alpha, systems.beta])
      assert.equal(interconnect.saidByOwner(identity), AccessState.unavailable);
    const senses: unknown[] = [];
    for (let times = 0; times < 2; times += 1) {
      const { sense } = await run(TEST_UNIT_READY);
      senses.push([sense?.key, sense?.asc, sense?.ascq]);
    }
    assert.deepEqual(senses, [
      [6, 0x2a, 0x06],
      [2, 0x04, 0x0c],
    ]);

    held.open();
    await untilAvailable(true);
    assert.equal((await run(TEST_UNIT_READY)).sense?.asc, 0x2a);
    // At the owner two changes are one unit attention, and it has not been reported.
    assert.equal((await run(TEST_UNIT_READY)).sense?.asc, 0x2a);
    const read = await run(blockCdb(READ_16, 0, 1), { dataIn: 512 });
    assert.equal(read.status, Status.good);
    assert.deepEqual(Buffer.from(read.data), Buffer.from(pattern(512)), 'the write has landed');
  });
});
