/** How a unit is provisioned its owner knows alone. The other system, which answers INQUIRY itself, learns it from there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import { EventKind } from '../../src/wire/interconnect/event.ts';
import { testNexus, testPort } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';
import { TwoSystems } from './support/two-systems.ts';

const TEST_UNIT_READY = new Uint8Array(6);
const INQUIRY_DATA_CHANGED = 0x3f03;
const ACCESS_STATE_CHANGED = 0x2a06;
const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });

function begin(thin: boolean): Promise<TwoSystems> {
  const store = new MemoryStore({ byteLength: 1 << 20, blockLength: 512, thin });
  return TwoSystems.begin({ transport: 'tcp', furtherLinks: ['unix'], store });
}

/** The unit attentions of the nexus until a command of it is GOOD: then what each link said when it came has been heard. */
async function told(systems: TwoSystems, nexus: Nexus): Promise<number[]> {
  const attentions: number[] = [];
  for (;;) {
    const { status, sense } = await new TestCommand({ nexus, cdb: TEST_UNIT_READY }).run(systems.proxied);
    if (status === 0) return attentions;
    if (sense?.key === 6) attentions.push((sense.asc << 8) | sense.ascq);
  }
}

/** An initiator that is bound to each of the links, and has been told what it was told by when it had them. */
async function initiators(systems: TwoSystems): Promise<Nexus[]> {
  const nexuses = ['one', 'two'].map((name) => testNexus(`iqn.2026-11.test:${name}`, port));
  for (const nexus of nexuses) await told(systems, nexus);
  for (const nexus of nexuses) await told(systems, nexus);
  const bound = systems.beta.interconnect.partners.flatMap(({ links }) =>
    links.map((link) => link.originator.bound),
  );
  assert.deepEqual(bound, [1, 1]);
  return nexuses;
}

const counted = (attentions: readonly number[]) =>
  attentions.filter((attention) => attention === INQUIRY_DATA_CHANGED).length;

test('who used a unit before its owner was there is told once that it is fully provisioned', async () => {
  const systems = await begin(false);
  const early = testNexus('iqn.2026-11.test:early', port);
  const { sense } = await new TestCommand({ nexus: early, cdb: TEST_UNIT_READY }).run(systems.proxied);
  assert.deepEqual([sense?.key, sense?.asc], [2, 0x04], 'there was no way to the owner yet');
  assert.equal(systems.proxied.identity.thinlyProvisioned, true);
  await systems.allUp();
  await initiators(systems);
  assert.equal(systems.proxied.identity.thinlyProvisioned, false);
  assert.equal(counted(await told(systems, early)), 1);
  assert.deepEqual(await told(systems, early), []);
  await systems.stop();
});

test('links that come anew say what is known, and nobody is told of it', async () => {
  const systems = await begin(false);
  await systems.allUp();
  const nexuses = await initiators(systems);
  const up = systems.linkUp();
  await systems.cutAll();
  assert.equal(
    systems.proxied.identity.thinlyProvisioned,
    false,
    'INQUIRY is answered without the owner too',
  );
  await up;
  assert.equal(systems.proxied.identity.thinlyProvisioned, false, 'nor is it anything else for a moment');
  await systems.allUp();
  for (const nexus of nexuses) {
    const attentions = await told(systems, nexus);
    assert.ok(attentions.includes(ACCESS_STATE_CHANGED));
    assert.equal(counted(attentions), 0);
  }
  await systems.stop();
});

test('an owner that comes back with another kind of store says so, either way', async () => {
  const systems = await begin(false);
  await systems.allUp();
  const nexuses = await initiators(systems);
  for (const thin of [true, false]) {
    const up = systems.linkUp();
    await systems.cutAll();
    // As a process that was started anew would have it from its store.
    systems.local.identity.thinlyProvisioned = thin;
    await up;
    await systems.allUp();
    for (const nexus of nexuses) assert.equal(counted(await told(systems, nexus)), 1);
    for (const nexus of nexuses) assert.deepEqual(await told(systems, nexus), []);
    assert.equal(systems.proxied.identity.thinlyProvisioned, thin);
  }
  await systems.stop();
});

test('of a thin unit nobody is told anything, and an event of a kind that is not known changes nothing', async () => {
  const systems = await begin(true);
  await systems.allUp();
  const nexuses = await initiators(systems);
  assert.equal(systems.proxied.identity.thinlyProvisioned, true);
  const links = systems.alpha.interconnect.partners.flatMap((partner) => partner.links);
  const kind = Math.max(...Object.values(EventKind)) + 1;
  for (const link of links) link.sendEvent({ kind, unit: 1, argument: 1 });
  for (const nexus of nexuses) assert.deepEqual(await told(systems, nexus), []);
  await systems.stop();
});
