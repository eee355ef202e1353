import { randomBytes } from 'node:crypto';
import type { Log } from '../../src/env/log.ts';
import type { Random } from '../../src/env/random.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { Order } from '../../src/scsi/order.ts';
import { type Ping, Presence } from '../../src/scsi/presence.ts';
import type { TargetPort } from '../../src/scsi/target-port.ts';
import { putU16, putU32, putU64 } from '../../src/wire/scsi/bytes.ts';
import { cdbLength } from '../../src/wire/scsi/cdb.ts';

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function testPort(given: Partial<TargetPort> = {}): TargetPort {
  return {
    name: 'alpha-all',
    system: 'alpha',
    targetName: 'iqn.2026-11.dev.crosspath:demo',
    portalGroupTag: 1,
    relativeId: 1,
    groupId: 1,
    serves: 'all',
    ...given,
  };
}

/** Of every system that a test makes. */
export const testOrder = new Order();

export const testRandom: Random = { bytes: (length) => randomBytes(length) };

/** An initiator that is there. */
export const present: Ping = (answered) => answered();

export function testNexus(
  initiatorName = 'iqn.2026-11.test:one',
  port = testPort(),
  isid = '00023d000001',
  ping = present,
): Nexus {
  const id = testOrder.next();
  return { id, initiatorName, isid, port, presence: new Presence(testOrder, id, ping) };
}

/** The CDB of a block command of 10, 12 or 16 bytes. `byte1`: flags. */
export function blockCdb(operationCode: number, lba: number, blocks: number, byte1 = 0): Uint8Array {
  const length = cdbLength(operationCode);
  const cdb = new Uint8Array(length);
  cdb[0] = operationCode;
  cdb[1] = byte1;
  if (length === 16) {
    putU64(cdb, 2, lba);
    putU32(cdb, 10, blocks);
    return cdb;
  }
  putU32(cdb, 2, lba);
  if (length === 12) putU32(cdb, 6, blocks);
  else putU16(cdb, 7, blocks);
  return cdb;
}

/** Bytes that differ from block to block and from seed to seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 7 + (at >> 9) * 13 + seed * 31) & 0xff;
  return bytes;
}

/** An UNMAP parameter list, right but for what the test changes. */
export function unmapList(ranges: readonly { lba: number; blocks: number }[]): Uint8Array {
  const list = new Uint8Array(8 + 16 * ranges.length);
  putU16(list, 0, list.length - 2);
  putU16(list, 2, list.length - 8);
  ranges.forEach(({ lba, blocks }, index) => {
    putU64(list, 8 + 16 * index, lba);
    putU32(list, 16 + 16 * index, blocks);
  });
  return list;
}

export function unmapCdb(listLength: number): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb[0] = 0x42;
  putU16(cdb, 7, listLength);
  return cdb;
}
