/** A unit that grows, seen from the other system, over several links and while there is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { testNexus, testPort } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';
import { TwoSystems } from './support/two-systems.ts';

const TEST_UNIT_READY = new Uint8Array(6);
const MiB = 1 << 20;
const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });

/** The unit attentions until `last` is told. */
async function toldUntil(systems: TwoSystems, nexus: Nexus, last: number): Promise<number[]> {
  const told: number[] = [];
  while (told.at(-1) !== last) {
    const { sense } = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
    if (sense?.key === 6) told.push((sense.asc << 8) | sense.ascq);
  }
  return told;
}

async function tests(systems: TwoSystems, nexus: Nexus): Promise<(number | undefined)[]> {
  const asc: (number | undefined)[] = [];
  for (let again = 0; again < 5; again += 1) {
    const { sense } = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
    asc.push(sense?.asc);
  }
  return asc;
}

async function started(): Promise<{ systems: TwoSystems; nexus: Nexus }> {
  const systems = await TwoSystems.start({ transport: 'tcp', furtherLinks: ['unix'] });
  const nexus = testNexus('iqn.2026-11.test:one', port);
  assert.deepEqual(await toldUntil(systems, nexus, 0x2900), [0x2900]);
  return { systems, nexus };
}

function grow(systems: TwoSystems, byteLength: number): Promise<string | null> {
  return new Promise((resolve) => systems.local.grow(byteLength, resolve));
}

test('is told once, though every link tells it', async () => {
  const { systems, nexus } = await started();
  assert.equal(await grow(systems, 96 * MiB), null);
  assert.deepEqual(await toldUntil(systems, nexus, 0x2a09), [0x2a09]);
  // The other link's word has come too, when a command of an initiator that is bound to it has been answered.
  const other = testNexus('iqn.2026-11.test:two', port);
  assert.deepEqual(await toldUntil(systems, other, 0x2900), [0x2900]);
  assert.deepEqual(await tests(systems, nexus), Array(5).fill(undefined));
  assert.equal(systems.proxied.identity.blockCount, (96 * MiB) / 512);
  assert.equal(
    systems.beta.log.lines.filter((line) => line.startsWith('link up')).length,
    2,
    'no link came anew',
  );
  await systems.stop();
});

test('is told of growth while there was no link, when there is one again', async () => {
  const { systems, nexus } = await started();
  const up = systems.linkUp();
  await systems.cutAll();
  assert.equal(await grow(systems, 96 * MiB), null);
  await up;
  const told = await toldUntil(systems, nexus, 0x2a09);
  assert.ok(told.includes(0x2a06) || told.includes(0x2907), 'of the way that was gone');
  assert.equal(systems.proxied.identity.blockCount, (96 * MiB) / 512);
  await systems.stop();
});
