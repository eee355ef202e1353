import assert from 'node:assert/strict';
import type { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import type { BlockStore } from '../../../src/stores/block-store.ts';
import { faulty } from '../../../src/stores/layers/faulty.ts';
import type { StoreOperation } from '../../../src/stores/layers/operation.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import type { RecordStore } from '../../../src/stores/record/record-store.ts';
import { u8 } from '../../../src/wire/scsi/bytes.ts';
import { CachedStore } from '../../support/cached-store.ts';
import { HeldStore } from '../../support/held-store.ts';
import { MemoryRecord } from '../../support/memory-record.ts';
import { testNexus } from '../../support/scsi.ts';
import { type Outcome, TestCommand, type TestCommandOptions } from '../../support/test-command.ts';

export interface MadeUnit {
  readonly unit: LogicalUnit;
  /** Makes it so many bytes long: gives the errno where it can't. */
  grow(byteLength: number): Promise<string | null>;
  close(): Promise<void>;
}

/** Makes a unit whose bytes are in `store`, BLOCKS blocks of BLOCK bytes, and its saved mode pages in `modeStore`. */
export type UnitMaker = (store: BlockStore, modeStore: RecordStore, readOnly: boolean) => Promise<MadeUnit>;

export const BLOCK = 512;
export const BLOCKS = 16384;

export const TEST_UNIT_READY = [0x00, 0, 0, 0, 0, 0];

type Options = Omit<TestCommandOptions, 'nexus' | 'cdb'> & { readonly nexus?: Nexus };

interface RigStores {
  readonly held: HeldStore;
  /** What writes and flushes came to the store. */
  readonly cache: CachedStore;
  readonly modeStore: MemoryRecord;
}

/** A unit to test, with one nexus whose first unit attention has been reported, and a hand on its store. */
export class Rig {
  readonly unit: LogicalUnit;
  readonly grow: MadeUnit['grow'];
  readonly nexus: Nexus;
  readonly held: HeldStore;
  readonly cache: CachedStore;
  readonly modeStore: MemoryRecord;
  /** Set it to make store calls fail. */
  fault: (operation: StoreOperation) => string | null = () => null;

  constructor({ unit, grow }: MadeUnit, nexus: Nexus, { held, cache, modeStore }: RigStores) {
    this.unit = unit;
    this.grow = grow;
    this.nexus = nexus;
    this.held = held;
    this.cache = cache;
    this.modeStore = modeStore;
  }

  start(cdb: readonly number[] | Uint8Array, options: Options = {}): TestCommand {
    return new TestCommand({ nexus: this.nexus, ...options, cdb }).start(this.unit);
  }

  run(cdb: readonly number[] | Uint8Array, options: Options = {}): Promise<Outcome> {
    return this.start(cdb, options).ended;
  }

  async good(cdb: readonly number[] | Uint8Array, options: Options = {}): Promise<Outcome> {
    const outcome = await this.run(cdb, options);
    assert.deepEqual([outcome.how, outcome.status, outcome.sense], ['status', 0, null]);
    return outcome;
  }

  /** `expected`: 'key/asc/ascq' in hexadecimal. */
  async refused(
    cdb: readonly number[] | Uint8Array,
    expected: string,
    options: Options = {},
  ): Promise<Outcome> {
    const outcome = await this.run(cdb, options);
    assert.equal(outcome.status, 2, `check condition for ${Buffer.from(cdb).toString('hex')}`);
    assert.equal(code(outcome), expected);
    return outcome;
  }

  /** Another nexus whose first unit attention has been reported. */
  async otherNexus(initiatorName = 'iqn.2026-11.test:two'): Promise<Nexus> {
    const nexus = testNexus(initiatorName);
    await this.run(TEST_UNIT_READY, { nexus });
    return nexus;
  }

  async write(lba: number, data: Uint8Array): Promise<void> {
    await this.good(writeCdb(lba, data.length / BLOCK), { dataOut: data });
  }

  async read(lba: number, blocks: number): Promise<Uint8Array> {
    return (await this.good(readCdb(lba, blocks), { dataIn: blocks * BLOCK })).data;
  }
}

/** `writeCache`: the store has one, as files have, and memory has not. `thin`: it can unmap. */
export async function withRig(
  makeUnit: UnitMaker,
  test: (rig: Rig) => Promise<void>,
  {
    writeCache = false,
    readOnly = false,
    thin = true,
  }: { readonly writeCache?: boolean; readonly readOnly?: boolean; readonly thin?: boolean } = {},
): Promise<void> {
  const memory = new MemoryStore({ byteLength: BLOCK * BLOCKS, blockLength: BLOCK, thin });
  let rig: Rig | null = null;
  const held = new HeldStore(faulty(memory, (operation) => rig?.fault(operation) ?? null));
  held.open();
  const cache = new CachedStore(held.store, writeCache);
  const modeStore = new MemoryRecord();
  const made = await makeUnit(cache.store, modeStore, readOnly);
  try {
    rig = new Rig(made, testNexus(), { held, cache, modeStore });
    await rig.run(TEST_UNIT_READY);
    await test(rig);
  } finally {
    held.open();
    await made.close();
  }
}

export function code(outcome: Outcome): string {
  const { sense } = outcome;
  if (sense === null) return 'none';
  return [sense.key, sense.asc, sense.ascq].map((byte) => byte.toString(16).padStart(2, '0')).join('/');
}

/** READ (10) and WRITE (10). */
export function readCdb(lba: number, blocks: number): number[] {
  return [0x28, 0, lba >>> 24, lba >>> 16, lba >>> 8, lba, 0, blocks >>> 8, blocks, 0].map(byte);
}

export function writeCdb(lba: number, blocks: number): number[] {
  return [0x2a, ...readCdb(lba, blocks).slice(1)];
}

function byte(value: number): number {
  return u8(Uint8Array.of(value), 0);
}
