import assert from 'node:assert/strict';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { DiscardedData } from '../../../src/scsi/discarded-data.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import type { TaskManagementFunction, TaskManagementResponse } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { Router } from '../../../src/scsi/router/router.ts';
import type { TargetPort } from '../../../src/scsi/target-port.ts';
import { checked } from '../../../src/stores/layers/checked.ts';
import { faulty } from '../../../src/stores/layers/faulty.ts';
import type { StoreOperation } from '../../../src/stores/layers/operation.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { Status } from '../../../src/wire/scsi/status.ts';
import { copyOutCdb, cscd, type ListShape, lid1List } from '../../support/copy-lists.ts';
import { HeldStore } from '../../support/held-store.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { blockCdb, present, silentLog, testOrder, testPort, testRandom } from '../../support/scsi.ts';
import { type Outcome, TestCommand, type TestCommandOptions } from '../../support/test-command.ts';

export const BLOCK = 512;
const UNIT_BYTES = 8 << 20;

/** A unit, and a hand on its store. */
export interface RigUnit {
  readonly lun: number;
  readonly unit: LocalUnit;
  readonly held: HeldStore;
  readonly blockLength: number;
}

type Options = Omit<TestCommandOptions, 'nexus' | 'cdb'> & { readonly nexus?: Nexus };

/** Three units behind a router: two of 512 bytes a block at LUN 1 and 2, one of 4 KiB at LUN 3. `hidden` sees LUN 1 alone. */
export class CopyRig {
  readonly pool = new BufferPool(1 << 22);
  readonly clock = new ManualClock();
  readonly router: Router;
  readonly a: RigUnit;
  readonly b: RigUnit;
  readonly large: RigUnit;
  readonly nexus: Nexus;
  /** Set it to make store calls fail. */
  fault: (unit: string, operation: StoreOperation) => string | null = () => null;

  private constructor() {
    this.a = this.#unit(1, 'vol-a', BLOCK);
    this.b = this.#unit(2, 'vol-b', BLOCK);
    this.large = this.#unit(3, 'vol-large', 4096);
    this.router = new Router({
      units: this.units,
      initiators: [{ name: 'iqn.test:hidden', luns: new Map([[1, 'vol-a']]) }],
      accessStates: { groups: () => [], ports: () => [] },
      pool: this.pool,
      clock: this.clock,
      order: testOrder,
    });
    this.nexus = this.router.openNexus('iqn.test:one', '00023d000001', testPort(), present);
  }

  get units(): readonly RigUnit[] {
    return [this.a, this.b, this.large];
  }

  /** Runs a test whose nexus has been told all unit attentions; nothing may be left behind by it. */
  static async with(test: (rig: CopyRig) => Promise<void>): Promise<void> {
    const rig = new CopyRig();
    rig.settle(rig.nexus);
    try {
      await test(rig);
    } finally {
      for (const { held } of rig.units) held.open();
      rig.router.closeNexus(rig.nexus, 'logout');
    }
    for (const { unit } of rig.units) assert.equal(unit.taskCount, 0, 'no task is left behind');
    assert.equal(rig.pool.leasedBytes, 0, 'every buffer went back');
  }

  /** Another nexus, which has been told all unit attentions. */
  openNexus(initiatorName: string, port: TargetPort = testPort(), isid = '00023d000002'): Nexus {
    const nexus = this.router.openNexus(initiatorName, isid, port, present);
    this.settle(nexus);
    return nexus;
  }

  settle(nexus: Nexus): void {
    for (const { unit } of this.units) while (unit.takeUnitAttention(nexus) !== null);
  }

  start(lun: number, cdb: TestCommandOptions['cdb'], options: Options = {}): TestCommand {
    const command = new TestCommand({ nexus: this.nexus, ...options, cdb });
    return command.start({ execute: (given) => this.router.execute(lun, given) });
  }

  run(lun: number, cdb: TestCommandOptions['cdb'], options: Options = {}): Promise<Outcome> {
    return this.start(lun, cdb, options).ended;
  }

  /** EXTENDED COPY (LID1) with that list, to the unit at `lun`. */
  startCopy(list: Uint8Array, options: Options & { readonly lun?: number; readonly action?: number } = {}) {
    const { lun = 1, action = 0, ...rest } = options;
    return this.start(lun, copyOutCdb(action, list.length), { dataOut: list, ...rest });
  }

  copy(list: Uint8Array, options: Options & { readonly lun?: number; readonly action?: number } = {}) {
    return this.startCopy(list, options).ended;
  }

  /** A list whose CSCD descriptors are those of a and b. */
  list(shape: Omit<ListShape, 'cscds'>): Uint8Array {
    return lid1List({ cscds: [cscd(this.a.unit.identity), cscd(this.b.unit.identity)], ...shape });
  }

  async write({ lun, blockLength }: RigUnit, lba: number, data: Uint8Array): Promise<void> {
    const outcome = await this.run(lun, blockCdb(0x8a, lba, data.length / blockLength), { dataOut: data });
    assert.deepEqual([outcome.how, outcome.status], ['status', 0]);
  }

  async read({ lun, blockLength }: RigUnit, lba: number, blocks: number): Promise<Uint8Array> {
    const outcome = await this.run(lun, blockCdb(0x88, lba, blocks), { dataIn: blocks * blockLength });
    assert.deepEqual([outcome.how, outcome.status], ['status', 0]);
    return outcome.data;
  }

  /** Lets a unit answer BUSY to the commands for which `isBusy` says so. */
  makeBusy({ unit }: RigUnit, isBusy: (cdb: Uint8Array) => boolean): void {
    const execute = unit.execute.bind(unit);
    unit.execute = (command) => {
      if (!isBusy(command.cdb)) return execute(command);
      command.complete({ status: Status.busy, sense: null, presentedLength: 0 });
      return new DiscardedData(this.pool);
    };
  }

  manage(lun: number, what: TaskManagementFunction, tag = 0, nexus = this.nexus) {
    return new Promise<TaskManagementResponse | 'noSuchUnit'>((resolve) => {
      this.router.manage(nexus, lun, what, tag, resolve);
    });
  }

  #unit(lun: number, name: string, blockLength: number): RigUnit {
    const memory = new MemoryStore({ byteLength: UNIT_BYTES, blockLength });
    const held = new HeldStore(faulty(memory, (operation) => this.fault(name, operation)));
    held.open();
    const description = { name, owner: 'alpha', blockLength, byteLength: UNIT_BYTES };
    const unit = new LocalUnit({
      identity: makeUnitIdentity('demo', description),
      store: checked(held.store),
      pool: this.pool,
      clock: this.clock,
      random: testRandom,
      order: testOrder,
      log: silentLog,
    });
    return { lun, unit, held, blockLength };
  }
}

/** 'key/asc/ascq' in hexadecimal, or the status. */
export function codeOf({ how, status, sense }: Outcome): string {
  if (how !== 'status') return how;
  if (sense === null) return `status ${status}`;
  return [sense.key, sense.asc, sense.ascq].map((byte) => byte.toString(16).padStart(2, '0')).join('/');
}
