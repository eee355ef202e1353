/** A system that can take no more for its clients: neither it nor the owner holds more than the bound, and nothing is lost. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Lease } from '../../src/buffers/buffer-pool.ts';
import { LinkLimits } from '../../src/limits.ts';
import type { CommandResult } from '../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { HeldStore } from '../support/held-store.ts';
import { blockCdb, pattern, testNexus, testPort } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';
import { allReturned } from './support/all-returned.ts';
import { TwoSystems } from './support/two-systems.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const BLOCK = 512;
const MiB = 1 << 20;
const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });

/** A read whose client takes nothing until it is told to. */
class StalledRead extends TestCommand {
  readonly #untaken: [number, Lease, CommandResult | null][] = [];
  #takes = false;
  #came: () => void = () => undefined;
  readonly someIsHere = new Promise<void>((resolve) => {
    this.#came = resolve;
  });

  override sendDataIn(offset: number, data: Lease, final: CommandResult | null): void {
    if (this.#takes) super.sendDataIn(offset, data, final);
    else this.#untaken.push([offset, data, final]);
    this.#came();
  }

  take(): void {
    this.#takes = true;
    for (const set of this.#untaken) super.sendDataIn(...set);
  }
}

describe('a system that is out of', () => {
  let systems: TwoSystems;
  let held: HeldStore;

  beforeEach(async () => {
    systems = await TwoSystems.start({
      transport: 'tcp',
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

  const nexusOf = async (name: string) => {
    const nexus = testNexus(`iqn.2026-11.test:${name}`, port);
    await new TestCommand({ nexus, cdb: new Uint8Array(6) }).run(systems.proxied);
    return nexus;
  };
  const originator = () => {
    const link = systems.beta.interconnect.partners[0]?.links[0];
    assert(link !== undefined);
    return link.originator;
  };

  const read = (nexus: Nexus) =>
    new TestCommand({ nexus, cdb: blockCdb(READ_16, 0, 8), dataIn: 8 * BLOCK }).start(systems.proxied);
  const stalledRead = (nexus: Nexus) =>
    new StalledRead({ nexus, cdb: blockCdb(READ_16, 0, MiB / BLOCK), dataIn: MiB }).start(systems.proxied);
  /** What the first MiB of the unit holds from now on. */
  const written = async (nexus: Nexus) => {
    const dataOut = pattern(MiB, 3);
    const cdb = blockCdb(WRITE_16, 0, MiB / BLOCK);
    assert.equal((await new TestCommand({ nexus, cdb, dataOut }).run(systems.proxied)).status, Status.good);
    return dataOut;
  };

  it('read budget waits until clients take what it has, and holds no more meanwhile', async () => {
    const nexus = await nexusOf('stalled');
    const { budget } = originator();
    const data = await written(nexus);
    const reads = Array.from({ length: 40 }, () => stalledRead(nexus));
    // A nexus that is alone has half.
    assert.equal(budget.used, LinkLimits.dataInPerLink / 2);
    const late = read(nexus);
    // What carries no read data goes its way, behind that command on the same link.
    const small = new TestCommand({ nexus, cdb: blockCdb(WRITE_16, 4096, 8), dataOut: pattern(4096) });
    assert.equal((await small.run(systems.proxied)).status, Status.good);
    assert.equal(late.outcome, null);
    for (const command of reads) command.take();
    for (const command of reads) {
      const { status, data: got } = await command.ended;
      assert.equal(status, Status.good);
      assert(Buffer.from(got).equals(data));
    }
    assert.equal((await late.ended).status, Status.good);
    assert.equal(budget.peak, LinkLimits.dataInPerLink / 2);
    assert.equal(budget.used, 0);
    await allReturned(systems.beta.pool);
  });

  it('read budget that comes free before a command has left does not overtake it', async () => {
    const nexus = await nexusOf('stalled');
    const data = await written(nexus);
    const { budget } = originator();
    const reads: StalledRead[] = [];
    while (budget.used < LinkLimits.dataInPerLink / 2) reads.push(stalledRead(nexus));
    await reads[0]?.someIsHere;
    // One turn: it is queued without credit, and gets some at once.
    const late = stalledRead(nexus);
    for (const command of reads) command.take();
    late.take();
    for (const command of [late, ...reads]) {
      const { status, data: got } = await command.ended;
      assert.equal(status, Status.good);
      assert(Buffer.from(got).equals(data));
    }
    assert.deepEqual(
      systems.alpha.log.lines.filter((line) => line.includes('link down')),
      [],
    );
  });

  it('read budget for clients that take nothing serves those that do', async () => {
    const { budget } = originator();
    const reads: StalledRead[] = [];
    for (let number = 1; number <= 8; number += 1) {
      const nexus = await nexusOf(`stalled${number}`);
      if (number === 1) await written(nexus);
      // More than its share: half of what is left.
      for (let times = 0; times < 40 / number; times += 1) reads.push(stalledRead(nexus));
    }
    const other = await nexusOf('other');
    for (let times = 0; times < 8; times += 1)
      assert.equal((await read(other).ended).status, Status.good, 'while all others stand still');
    assert(reads.every(({ outcome }) => outcome === null));
    assert(budget.peak < LinkLimits.dataInPerLink);
    for (const command of reads) command.take();
    for (const command of reads) assert.equal((await command.ended).status, Status.good);
    assert.equal(budget.used, 0);
  });

  it('exchanges answers TASK SET FULL, BUSY where the nexus has none, and takes commands again when some have ended', async () => {
    const nexus = await nexusOf('one');
    const other = await nexusOf('other');
    held.holding = true;
    const running = Array.from({ length: LinkLimits.maxExchanges }, () => read(nexus));
    assert(running.every(({ outcome }) => outcome === null));
    assert.equal(read(nexus).outcome?.status, Status.taskSetFull);
    assert.equal(read(other).outcome?.status, Status.busy);
    await held.atLeast(1);
    held.open();
    for (const command of running) assert.equal((await command.ended).status, Status.good);
    assert.equal((await read(nexus).ended).status, Status.good);
    assert.equal(originator().exchangesInFlight, 0);
  });
});
