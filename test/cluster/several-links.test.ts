import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TaskManagementFunction } from '../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { FrameType } from '../../src/wire/interconnect/frame.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { HeldStore } from '../support/held-store.ts';
import { blockCdb, pattern, testNexus, testPort } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';
import { RawPartner } from './support/raw-partner.ts';
import { TwoSystems } from './support/two-systems.ts';

const READ16 = 0x88;
const WRITE16 = 0x8a;
const TEST_UNIT_READY = new Uint8Array(6);
const NEXUS_LOST = [0x29, 0x07];

describe('two links to the owner, of different transports', () => {
  let systems: TwoSystems;
  let held: HeldStore;

  beforeEach(async () => {
    systems = await TwoSystems.start({
      transport: 'tls',
      furtherLinks: ['unix'],
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

  const slots = () => systems.beta.interconnect.partners[0]?.slots ?? [];
  const links = () => slots().map(({ link }) => link);
  const forwarded = () => links().map((link) => link?.originator.commandsForwarded ?? 0);
  const port = (relativeId: number) =>
    testPort({ name: `beta-${relativeId}`, system: 'beta', relativeId, groupId: 2, serves: 'proxy' });
  const nexusOf = (initiator: string, relativeId = 4) =>
    testNexus(`iqn.2026-11.test:${initiator}`, port(relativeId));
  const ready = (nexus: Nexus) => new TestCommand({ nexus, cdb: TEST_UNIT_READY });
  const write = (nexus: Nexus, lba = 0) =>
    new TestCommand({ nexus, cdb: blockCdb(WRITE16, lba, 8), dataOut: pattern(4096) });
  const read = (nexus: Nexus, lba = 0) =>
    new TestCommand({ nexus, cdb: blockCdb(READ16, lba, 8), dataIn: 4096 });

  /** Nexuses of this many initiators that have had their unit attention, and the place of the link that each uses. */
  async function initiators(count: number): Promise<{ nexus: Nexus; place: number }[]> {
    const made: { nexus: Nexus; place: number }[] = [];
    for (let number = 0; number < count; number++) {
      const nexus = nexusOf(`host${number}`);
      made.push({ nexus, place: await linkOf(nexus) });
    }
    return made;
  }

  /** Over which link a command goes. */
  async function linkOf(nexus: Nexus): Promise<number> {
    const before = forwarded();
    await ready(nexus).run(systems.proxied);
    return forwarded().findIndex((count, place) => count > (before[place] ?? 0));
  }

  async function on(place: number): Promise<Nexus> {
    const all = await initiators(2);
    const found = all.find((one) => one.place === place);
    assert(found !== undefined);
    return found.nexus;
  }

  it('both carry traffic: initiators spread over them', async () => {
    const all = await initiators(6);
    for (const place of [0, 1]) assert.equal(all.filter((one) => one.place === place).length, 3);
    for (const { nexus, place } of all) {
      assert.equal((await write(nexus).run(systems.proxied)).status, Status.good);
      assert.equal(await linkOf(nexus), place, 'an initiator stays on its link');
    }
  });

  it('all nexuses of an initiator use one link, and so does its next session', async () => {
    // Three on the first one's link, two on the other.
    const [first] = await initiators(5);
    assert(first !== undefined);
    const throughAnother = nexusOf('host0', 5);
    assert.equal(await linkOf(throughAnother), first.place, 'through another port');
    held.holding = true;
    write(first.nexus).start(systems.proxied);
    await held.atLeast(1);
    for (const nexus of [first.nexus, throughAnother]) systems.proxied.nexusLost(nexus, 'connectionLost');
    assert.equal(await linkOf(nexusOf('host0')), first.place, 'behind what the session before has running');
  });

  it('one dies: the unit stays available, no access state changes, and others notice nothing', async () => {
    const all = await initiators(2);
    const generationBefore = links().map((link) => link?.terms.generation);
    const comesBack = systems.linkUp();
    await systems.cutLink(0);
    assert.equal(systems.beta.interconnect.isUp('alpha'), true);
    assert.equal(systems.alpha.interconnect.isUp('beta'), true);
    for (const { nexus, place } of all) {
      const { sense } = await ready(nexus).run(systems.proxied);
      // Truly: to the owner, who was on the dead link has gone and come back.
      assert.deepEqual(sense === null ? [] : [sense.asc, sense.ascq], place === 0 ? NEXUS_LOST : []);
      assert.equal((await write(nexus).run(systems.proxied)).status, Status.good);
    }
    await comesBack;
    assert.notEqual(links()[0]?.terms.generation, generationBefore[0], 'it comes back by itself');
    assert.equal(links()[1]?.terms.generation, generationBefore[1]);
  });

  it('a read that was on it is answered BUSY, a write leaves its outcome open; those on the other run on', async () => {
    const [onDead, onLive] = [await on(0), nexusOf('other')];
    assert.equal(await linkOf(onLive), 0, 'balanced, so far');
    const live = await on(1);
    held.holding = true;
    const blocker = write(live).start(systems.proxied);
    await held.atLeast(1);
    const unanswered = read(onDead).start(systems.proxied);
    const open = write(onLive, 64).start(systems.proxied);
    await held.atLeast(2);
    await systems.cutLink(0);
    const { how, status } = await unanswered.ended;
    assert.deepEqual([how, status], ['status', Status.busy]);
    assert.equal((await open.ended).how, 'unknown');
    assert.equal(blocker.outcome, null);
    held.open();
    assert.equal((await blocker.ended).status, Status.good);
    assert.equal(systems.local.taskCount, 0);
  });

  it('what is on a link that only one side has lost ends at the owner before anything else runs', async () => {
    const nexus = await on(0);
    // The owner waits for the data of this write, which lies on a link that beta holds for dead.
    const old = new TestCommand({
      nexus,
      cdb: blockCdb(WRITE16, 0, 8),
      dataOut: pattern(4096),
      unsolicited: 0,
      supplies: false,
    }).start(systems.proxied);
    while (old.asked.length === 0) await ready(nexus).run(systems.proxied);
    assert.equal(systems.local.taskCount, 1);
    const dead = links()[0];
    assert(dead !== null && dead !== undefined);
    const lost = systems.alpha.log.next('link down');
    // Beta's end alone, as if the owner could not hear that the stream has ended.
    dead.closed('cut by the test');
    assert.equal((await old.ended).how, 'unknown');
    const again = nexusOf('host0');
    await ready(again).run(systems.proxied);
    assert.equal((await write(again).run(systems.proxied)).status, Status.good);
    await lost;
    assert.match(systems.alpha.log.lines.join('\n'), /the partner has lost this link/);
    assert.equal(systems.local.taskCount, 0, 'the old write was aborted');
    dead.destroy('the test is over');
  });

  it('both die: the unit is unavailable, and told once; the first that comes back makes it available', async () => {
    const nexus = await on(0);
    await systems.cutAll();
    const senses: string[] = [];
    for (let count = 0; count < 2; count++) {
      const { sense } = await ready(nexus).run(systems.proxied);
      senses.push(`${sense?.key}/${sense?.asc.toString(16)}/${sense?.ascq.toString(16)}`);
    }
    assert.deepEqual(senses, ['6/2a/6', '2/4/c']);
    await systems.allUp();
    const met: string[] = [];
    for (;;) {
      const { sense } = await ready(nexus).run(systems.proxied);
      if (sense === null) break;
      met.push(`${sense.asc.toString(16)}/${sense.ascq.toString(16)}`);
    }
    assert.deepEqual(met, ['2a/6', '29/7'], 'available again, said once; and the nexus was lost');
  });

  it('a logical unit reset by one link aborts what the other has running', async () => {
    const [first, second] = [await on(0), await on(1)];
    held.holding = true;
    const running = write(first).start(systems.proxied);
    await held.atLeast(1);
    const response = new Promise((resolve) => {
      systems.proxied.manage(second, TaskManagementFunction.logicalUnitReset, 0, resolve);
    });
    await ready(nexusOf('third')).run(systems.proxied);
    held.open();
    assert.equal(await response, 'complete');
    assert.notEqual((await running.ended).status, Status.good);
  });
});

it('a partner that has started anew ends the links of its former self', async (t) => {
  const systems = await TwoSystems.start({ transport: 'unix', furtherLinks: ['unix'] });
  t.after(() => systems.stop());
  await systems.beta.interconnect.stop(0);
  const [first, second] = systems.addresses;
  assert(first !== undefined && second !== undefined);
  const before = await RawPartner.greeted(first, { incarnation: '1111111111111111' });
  const beside = await RawPartner.greeted(second, { incarnation: '1111111111111111' });
  const after = await RawPartner.greeted(second, { incarnation: '2222222222222222' });
  await Promise.all([before.closed, beside.closed]);
  assert.match(systems.alpha.log.lines.join('\n'), /the partner has started anew/);
  after.destroy();
});

it('a link of which the partner says that it has lost it ends; the news is no link’s own', async (t) => {
  const systems = await TwoSystems.start({ transport: 'unix', furtherLinks: ['unix'] });
  t.after(() => systems.stop());
  await systems.beta.interconnect.stop(0);
  const [first, second] = systems.addresses;
  assert(first !== undefined && second !== undefined);
  const one = await RawPartner.greeted(first);
  const other = await RawPartner.greeted(second);
  const generation = (of: RawPartner) =>
    new Uint8Array(Buffer.from(of.generation.toString(16).padStart(8, '0'), 'hex'));
  other.send({ type: FrameType.linkEnded }, generation(one));
  await one.closed;
  other.send({ type: FrameType.linkEnded }, generation(other));
  await other.closed;
  assert.match(systems.alpha.log.lines.join('\n'), /linkEnded: of the link that it came on/);
});
