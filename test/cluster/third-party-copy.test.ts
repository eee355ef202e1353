/** Third-party copies whose units are on different systems: the copy manager is beta's, and alpha owns one of the units. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NodeClock } from '../../src/env/node/clock.ts';
import { LocalUnit } from '../../src/scsi/local-unit/local-unit.ts';
import { TaskManagementFunction } from '../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { Router } from '../../src/scsi/router/router.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import {
  copyInCdb,
  copyOutCdb,
  cscd,
  lid1List,
  populateList,
  type RangeShape,
  type SegmentShape,
  segment,
  tokenOutCdb,
  writeTokenList,
} from '../support/copy-lists.ts';
import { HeldStore } from '../support/held-store.ts';
import { blockCdb, pattern, present, silentLog, testNexus, testOrder, testPort } from '../support/scsi.ts';
import { type Outcome, TestCommand, type TestCommandOptions } from '../support/test-command.ts';
import { type Transport, TwoSystems } from './support/two-systems.ts';

const BLOCK = 512;
const UNIT_BYTES = 16 << 20;
/** LUNs at beta: alpha's unit, and beta's own. */
const FAR = 1;
const NEAR = 2;

class CopyCluster {
  readonly systems: TwoSystems;
  readonly router: Router;
  readonly near: LocalUnit;
  readonly nexus: Nexus;
  /** Alpha's store. */
  readonly held: HeldStore;

  private constructor(systems: TwoSystems, held: HeldStore) {
    this.systems = systems;
    this.held = held;
    const { pool } = systems.beta;
    const description = { name: 'vol-b', owner: 'beta', blockLength: BLOCK, byteLength: UNIT_BYTES };
    const store = new MemoryStore({ byteLength: UNIT_BYTES, blockLength: BLOCK });
    const parts = { pool, clock: new NodeClock(), order: testOrder, log: silentLog };
    this.near = new LocalUnit({ identity: makeUnitIdentity('demo', description), store, ...parts });
    this.router = new Router({
      units: [
        { lun: FAR, unit: systems.proxied },
        { lun: NEAR, unit: this.near },
      ],
      initiators: [],
      accessStates: { groups: () => [], ports: () => [] },
      ...parts,
    });
    this.nexus = this.router.openNexus('iqn.test:one', '00023d000001', testPort({ system: 'beta' }), present);
  }

  static async with(transport: Transport, test: (cluster: CopyCluster) => Promise<void>): Promise<void> {
    const held = new HeldStore(new MemoryStore({ byteLength: UNIT_BYTES, blockLength: BLOCK }));
    held.open();
    const systems = await TwoSystems.start({ transport, store: held.store });
    const cluster = new CopyCluster(systems, held);
    try {
      await cluster.settle();
      await test(cluster);
    } finally {
      held.open();
      cluster.router.closeNexus(cluster.nexus, 'logout');
      await systems.stop();
    }
    assert.deepEqual([systems.local.taskCount, cluster.near.taskCount], [0, 0], 'no task is left behind');
    assert.equal(systems.alpha.pool.leasedBytes, 0, 'every buffer of the owner went back');
    assert.equal(systems.beta.pool.leasedBytes, 0, 'every buffer of the copy manager went back');
  }

  /** Until there is no unit attention left. */
  async settle(): Promise<void> {
    for (const lun of [FAR, NEAR]) while ((await this.run(lun, [0, 0, 0, 0, 0, 0])).status !== 0);
  }

  start(lun: number, cdb: TestCommandOptions['cdb'], options: Partial<TestCommandOptions> = {}): TestCommand {
    const command = new TestCommand({ nexus: this.nexus, ...options, cdb });
    return command.start({ execute: (given) => this.router.execute(lun, given) });
  }

  run(lun: number, cdb: TestCommandOptions['cdb'], options: Partial<TestCommandOptions> = {}) {
    return this.start(lun, cdb, options).ended;
  }

  /** CSCD descriptor 0 is alpha's unit, 1 beta's. */
  startCopy(lun: number, ...segments: readonly SegmentShape[]): TestCommand {
    const cscds = [cscd(this.systems.proxied.identity), cscd(this.near.identity)];
    const list = lid1List({ cscds, segments: segments.map(segment) });
    return this.start(lun, copyOutCdb(0, list.length), { dataOut: list });
  }

  /** POPULATE TOKEN of alpha's unit. */
  async makeToken(ranges: readonly RangeShape[]): Promise<Uint8Array> {
    const list = populateList(ranges);
    const made = await this.run(FAR, tokenOutCdb(0x10, 1, list.length), { dataOut: list });
    assert.equal(codeOf(made), 'status 0');
    return (await this.run(FAR, copyInCdb(7, 1), { dataIn: 1024 })).data.slice(-512);
  }

  startUse(token: Uint8Array, ranges: readonly RangeShape[], lun = NEAR): TestCommand {
    const list = writeTokenList(token, ranges);
    return this.start(lun, tokenOutCdb(0x11, 2, list.length), { dataOut: list });
  }

  async write(lun: number, lba: number, data: Uint8Array): Promise<void> {
    const cdb = blockCdb(0x8a, lba, data.length / BLOCK);
    const outcome = await this.run(lun, cdb, { dataOut: data, unsolicited: 0, chunk: 65536 });
    assert.equal(codeOf(outcome), 'status 0');
  }

  async read(lun: number, lba: number, blocks: number): Promise<Uint8Array> {
    const outcome = await this.run(lun, blockCdb(0x88, lba, blocks), { dataIn: blocks * BLOCK });
    assert.equal(codeOf(outcome), 'status 0');
    return outcome.data;
  }
}

function codeOf({ how, status, sense }: Outcome): string {
  if (how !== 'status') return how;
  if (sense === null) return `status ${status}`;
  return [sense.key, sense.asc, sense.ascq].map((byte) => byte.toString(16).padStart(2, '0')).join('/');
}

for (const transport of ['tcp', 'tls', 'unix', 'fcip'] as const) {
  describe(`third-party copies between systems over ${transport}`, () => {
    test('from the other system, to it, and within it, whichever unit was asked', () =>
      CopyCluster.with(transport, async (cluster) => {
        const blocks = 4096;
        const data = pattern(blocks * BLOCK, 3);
        await cluster.write(FAR, 0, data);
        for (const lun of [FAR, NEAR]) {
          const outcome = await cluster.startCopy(
            lun,
            { from: 0, to: 1, blocks, destinationLba: 1000 },
            { from: 1, to: 0, blocks, sourceLba: 1000, destinationLba: 8000 },
            { from: 0, to: 0, blocks, sourceLba: 8000, destinationLba: 8001 },
          ).ended;
          assert.equal(codeOf(outcome), 'status 0');
          assert.deepEqual(await cluster.read(NEAR, 1000, blocks), data);
          assert.deepEqual(await cluster.read(FAR, 8001, blocks), data);
        }
      }));

    test('a token that was made by the other system, until a client there changes what it stands for', () =>
      CopyCluster.with(transport, async (cluster) => {
        await cluster.write(FAR, 0, pattern(2048 * BLOCK, 6));
        const token = await cluster.makeToken([{ lba: 0, blocks: 2048 }]);
        const ranges = [{ lba: 77, blocks: 2048 }];
        for (const lun of [NEAR, FAR]) {
          const there = lun === NEAR ? ranges : [{ lba: 9000, blocks: 2048 }];
          assert.equal(codeOf(await cluster.startUse(token, there, lun).ended), 'status 0');
          const { lba } = there[0] ?? { lba: 0 };
          assert.deepEqual(await cluster.read(lun, lba, 2048), pattern(2048 * BLOCK, 6));
        }
        const direct = testNexus('iqn.test:direct');
        const write = () =>
          new TestCommand({ nexus: direct, cdb: blockCdb(0x8a, 2047, 1), dataOut: pattern(BLOCK) }).run(
            cluster.systems.local,
          );
        assert.equal(codeOf(await write()), '06/29/00');
        assert.equal(codeOf(await cluster.startUse(token, ranges).ended), 'status 0', 'it did not run');
        assert.equal(codeOf(await write()), 'status 0');
        assert.equal(codeOf(await cluster.startUse(token, ranges).ended), '05/23/08');
        cluster.systems.local.nexusLost(direct, 'logout');
      }));

    test('the link is lost in the middle: COPY ABORTED, and nothing is written behind it', () =>
      CopyCluster.with(transport, async (cluster) => {
        const { systems, held } = cluster;
        await cluster.write(NEAR, 0, pattern(4096 * BLOCK));
        held.holding = true;
        const copy = cluster.startCopy(NEAR, { from: 1, to: 0, blocks: 4096 });
        await held.atLeast(4);
        await systems.cutLink();
        assert.equal(codeOf(await copy.ended), '0a/0d/02');
        assert.equal(codeOf(await cluster.startCopy(FAR, { blocks: 1 }).ended), '06/2a/06');
        held.open();
        await systems.allUp();
        await cluster.settle();
        assert.deepEqual(await cluster.read(FAR, 4 * 512, 8), new Uint8Array(8 * BLOCK));
        assert.equal(
          codeOf(await cluster.startCopy(NEAR, { from: 1, to: 0, blocks: 4096 }).ended),
          'status 0',
        );
        assert.deepEqual(await cluster.read(FAR, 0, 4096), pattern(4096 * BLOCK));
      }));

    test('ABORT TASK is answered when the other system has let go', () =>
      CopyCluster.with(transport, async (cluster) => {
        const { held } = cluster;
        held.holding = true;
        const copy = cluster.startCopy(NEAR, { from: 1, to: 0, blocks: 4096 });
        await held.atLeast(4);
        let answer: string | null = null;
        const { abortTask } = TaskManagementFunction;
        const answered = new Promise<void>((resolve) => {
          cluster.router.manage(cluster.nexus, NEAR, abortTask, copy.tag, (given) => {
            answer = given;
            resolve();
          });
        });
        // By the same link: answered behind whatever the function has set going there.
        assert.equal(codeOf(await cluster.run(FAR, [0, 0, 0, 0, 0, 0])), 'status 0');
        assert.deepEqual([answer, copy.outcome], [null, null]);
        held.open();
        await answered;
        assert.deepEqual([answer, (await copy.ended).how], ['complete', 'aborted']);
      }));
  });
}

test('a unit whose owner can’t be reached: 02/04/0C of the addressed one, COPY ABORTED of another', () =>
  CopyCluster.with('tcp', async (cluster) => {
    await cluster.systems.cutLink();
    await cluster.systems.alpha.interconnect.stop(0);
    await cluster.run(FAR, [0, 0, 0, 0, 0, 0]);
    assert.equal(codeOf(await cluster.startCopy(FAR, { blocks: 1 }).ended), '02/04/0c');
    const outcome = await cluster.startCopy(NEAR, { blocks: 1 }).ended;
    assert.equal(codeOf(outcome), '0a/0d/02');
    assert.equal(outcome.sense?.copy?.forwarded?.sense?.key, 2);
  }));
