/** A client that does nothing wrong: it is served, its data stays, and it brings units back to how they began. */
import assert from 'node:assert/strict';
import { IscsiInitiator, type ScsiResult } from '../../client/iscsi-initiator.ts';
import type { PortConfig } from '../../src/daemon/config/cluster-config.ts';
import { TaskFunction } from '../../src/wire/iscsi/task-management-request.ts';
import { blockCdb, pattern } from '../support/scsi.ts';
import { secretBytes } from './secret.ts';
import { BLOCK, luns, portNames, UNIT_BLOCKS, type UnitName } from './victim-file.ts';

const NAME = 'iqn.2026-11.test:witness';
const CHECK_CONDITION = 2;
const UNIT_ATTENTION = 6;
/** As many as a unit keeps for one nexus. */
const MOST_ATTENTIONS = 16;
const SECRET_BYTES = secretBytes().length;
const pieces = [4096, 8192, 16384, 32768, 65536, 131072];
const victims: readonly UnitName[] = ['victim-a', 'victim-b'];
const secrets: readonly UnitName[] = ['secret-a', 'secret-b'];
const KEY = 0x77;

export class Witness {
  readonly #port: (name: string) => PortConfig;
  #looks = 0;
  /** Mode parameters of each victim as they were at first, as a list for MODE SELECT. */
  readonly #modes = new Map<UnitName, Uint8Array>();

  constructor(port: (name: string) => PortConfig) {
    this.#port = port;
  }

  /** Fills units, and learns how the victims are. */
  async begin(): Promise<void> {
    await this.#with('alpha-all', async (client) => {
      for (const unit of secrets) {
        // All of it: whatever block of it is shown to someone tells.
        for (let lba = 0; lba < UNIT_BLOCKS; lba += SECRET_BYTES / BLOCK) {
          await good(client, unit, blockCdb(0x8a, lba, SECRET_BYTES / BLOCK), { dataOut: secretBytes() });
        }
      }
      for (const unit of victims) {
        const { dataIn: data } = await good(client, unit, Uint8Array.of(0x1a, 0, 0x3f, 0, 255, 0), {
          dataInLength: 255,
        });
        this.#modes.set(unit, Uint8Array.from(data).with(0, 0));
      }
    });
  }

  /** Throws where something is not as it should be. */
  async look(): Promise<void> {
    this.#looks += 1;
    await Promise.all(
      portNames.map((port, place) => this.#with(port, (client) => this.#served(client, port, place))),
    );
    const through = this.#looks % 2 === 0 ? 'alpha-all' : 'beta-all';
    await this.#with(through, async (client) => {
      for (const unit of secrets) {
        const { dataIn: data } = await good(client, unit, blockCdb(0x88, 0, SECRET_BYTES / BLOCK), {
          dataInLength: SECRET_BYTES,
        });
        assert.ok(Buffer.from(data).equals(secretBytes()), `${unit} was changed`);
        await hide(client, unit);
      }
      for (const unit of victims) await this.#restore(client, unit);
    });
  }

  /** What is written through this port is there. */
  async #served(client: IscsiInitiator, port: string, place: number): Promise<void> {
    const [system, serves] = port.split('-');
    const own = system === 'alpha' ? 'witness-a' : 'witness-b';
    const others = system === 'alpha' ? 'witness-b' : 'witness-a';
    const unit = serves === 'local' || serves === 'all' ? own : others;
    const data = pattern(16384, (this.#looks + place) & 0xff);
    await good(client, unit, blockCdb(0x8a, 32 * place, 32), { dataOut: data });
    const read = await good(client, unit, blockCdb(0x88, 32 * place, 32), { dataInLength: data.length });
    assert.ok(Buffer.from(read.dataIn).equals(data), `${unit} through ${port} has other data`);
  }

  /** Reservations, mode parameters and tasks that attacks have left are theirs to leave. */
  async #restore(client: IscsiInitiator, unit: UnitName): Promise<void> {
    assert.equal(await client.manage(TaskFunction.logicalUnitReset, luns[unit]), 0, `${unit} is not reset`);
    await good(client, unit, reserveOut(6, 24), { dataOut: keyList(0, KEY) });
    await good(client, unit, reserveOut(3, 24), { dataOut: keyList(KEY, 0) });
    const modes = this.#modes.get(unit) ?? new Uint8Array(0);
    await good(client, unit, Uint8Array.of(0x15, 0x10, 0, 0, modes.length, 0), { dataOut: modes });
    await good(client, unit, blockCdb(0x88, 0, 128), { dataInLength: 65536 });
  }

  async #with(port: string, use: (client: IscsiInitiator) => Promise<void>): Promise<void> {
    const { portal, targetName } = this.#port(port);
    const client = await IscsiInitiator.connect({ ...portal, targetName, initiatorName: NAME });
    await use(client);
    await client.logout();
  }
}

/** Leaves the secret in buffers of every size. */
async function hide(client: IscsiInitiator, unit: UnitName): Promise<void> {
  for (const length of pieces) {
    for (let at = 0; at < SECRET_BYTES; at += length) {
      const data = secretBytes().subarray(at, at + length);
      await good(client, unit, blockCdb(0x8a, at / BLOCK, length / BLOCK), { dataOut: data });
      if (at >= 2 * length) break;
    }
  }
}

/** Unit attentions are told first. */
async function good(
  client: IscsiInitiator,
  unit: UnitName,
  cdb: Uint8Array,
  data: { readonly dataOut?: Uint8Array; readonly dataInLength?: number },
): Promise<ScsiResult> {
  for (let told = 0; ; told += 1) {
    const result = await client.command(luns[unit], cdb, data);
    if (result.status === 0) return result;
    const attention = result.status === CHECK_CONDITION && result.sense?.key === UNIT_ATTENTION;
    if (attention && told < MOST_ATTENTIONS) continue;
    const { status, sense } = result;
    throw new Error(
      `${unit}: ${Buffer.from(cdb).toString('hex')} ends with ${JSON.stringify({ status, sense })}`,
    );
  }
}

function reserveOut(action: number, length: number): Uint8Array {
  return Uint8Array.of(0x5f, action, 0, 0, 0, 0, 0, 0, length, 0);
}

function keyList(key: number, newKey: number): Uint8Array {
  const list = new Uint8Array(24);
  list[7] = key;
  list[15] = newKey;
  return list;
}
