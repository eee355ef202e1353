/** Right commands that bring a parameter list, or data that has to be as long as the CDB says. */
import fc from 'fast-check';
import { putU16 } from '../../../src/wire/scsi/bytes.ts';
import { ROD_TOKEN_LENGTH } from '../../../src/wire/scsi/copy/rod-token.ts';
import { blockCdb, pattern, unmapCdb, unmapList } from '../../support/scsi.ts';
import { type Field, fieldsIn } from '../message.ts';
import { anyRange } from '../ranges.ts';
import { BLOCK } from '../victim-file.ts';
import { copyListCommand } from './copies.ts';

export interface ListCommand {
  readonly name: string;
  readonly cdb: Uint8Array;
  readonly data: Uint8Array;
  readonly fields: readonly Field[];
  /** In the data, where a ROD token stands. */
  readonly tokenAt?: number;
}

/** The list, with the token that the last data-in has at its end, where the list takes one and there is one: as much of it as fits. */
export function dataOf({ data, tokenAt }: ListCommand, dataIn: Uint8Array): Uint8Array {
  const list = data.slice();
  if (tokenAt === undefined || dataIn.length <= ROD_TOKEN_LENGTH) return list;
  const place = list.subarray(tokenAt, tokenAt + ROD_TOKEN_LENGTH);
  place.set(dataIn.subarray(-ROD_TOKEN_LENGTH).subarray(0, place.length));
  return list;
}

const unmap = fc.array(anyRange(fc.nat(64)), { maxLength: 6 }).map((ranges): ListCommand => {
  const data = unmapList(ranges);
  const first = { 'LBA high': [8, 4], reserved: [20, 4] } as const;
  const lengths = {
    'UNMAP data length': [0, 2],
    'descriptor length': [2, 2],
    'LBA low': [12, 4],
    blocks: [16, 4],
  } as const;
  return { name: 'UNMAP', cdb: unmapCdb(data.length), data, fields: fieldsIn('data', first, lengths) };
});

const writeSame = fc
  .record({
    code: fc.constantFrom(0x41, 0x93),
    range: anyRange(fc.integer({ min: 1, max: 2000 })),
    unmap: fc.boolean(),
  })
  .map(({ code, range: { lba, blocks }, unmap: unmaps }): ListCommand => {
    const data = unmaps ? new Uint8Array(BLOCK) : pattern(BLOCK, lba & 0xff);
    return { name: 'WRITE SAME', cdb: blockCdb(code, lba, blocks, unmaps ? 0x08 : 0), data, fields: [] };
  });

const compareAndWrite = anyRange(fc.integer({ min: 1, max: 8 })).map(({ lba, blocks }): ListCommand => {
  const cdb = blockCdb(0x89, lba, 0);
  cdb[13] = blocks;
  return { name: 'COMPARE AND WRITE', cdb, data: new Uint8Array(2 * blocks * BLOCK), fields: [] };
});

const verify = fc
  .record({
    code: fc.constantFrom(0x2f, 0xaf, 0x8f),
    range: anyRange(fc.integer({ min: 1, max: 16 })),
    one: fc.boolean(),
  })
  .map(
    ({ code, range: { lba, blocks }, one }): ListCommand => ({
      name: 'VERIFY',
      cdb: blockCdb(code, lba, blocks, one ? 0x06 : 0x02),
      data: new Uint8Array((one ? 1 : blocks) * BLOCK),
      fields: [],
    }),
  );

/** All service actions; SPEC_I_PT and REGISTER AND MOVE name an initiator port. */
const reserveOut = fc
  .record({
    action: fc.nat(7),
    type: fc.constantFrom(0, 1, 3, 5, 6, 7, 8),
    key: fc.nat(2),
    newKey: fc.nat(2),
    flags: fc.constantFrom(0, 1, 4, 8, 13),
  })
  .map(({ action, type, key, newKey, flags }): ListCommand => {
    const names = action === 7 || (flags & 0x08) !== 0;
    const id = Buffer.from('iqn.2026-11.test:named,i,0x00023d000077'.padEnd(40, '\0'));
    const lengthAt = action === 7 ? 20 : 24;
    const start = action === 7 ? 24 : 28;
    const data = new Uint8Array(names ? start + 4 + id.length : 24);
    data[7] = key;
    data[15] = newKey;
    if (action === 7) putU16(data, 18, 1);
    else data[20] = flags;
    if (names) {
      data[lengthAt + 3] = 4 + id.length;
      data.set([0x45, 0, 0, id.length], start);
      data.set(id, start + 4);
    }
    const cdb = Uint8Array.from([0x5f, action, type, 0, 0, 0, 0, 0, data.length, 0]);
    const values = {
      'key high': [0, 4],
      'key low': [4, 4],
      'new key': [12, 4],
      flags: [20, 1],
      'port id': [18, 2],
    } as const;
    const lengths = names
      ? ({ 'list length': [lengthAt, 4], 'TransportID length': [start + 2, 2] } as const)
      : {};
    return { name: `PERSISTENT RESERVE OUT ${action}`, cdb, data, fields: fieldsIn('data', values, lengths) };
  });

/** The pages that every unit has: caching and control, as they are when it starts. */
const modeSelect = fc
  .record({ ten: fc.boolean(), descriptor: fc.boolean(), page: fc.constantFrom(0x08, 0x0a) })
  .map(({ ten, descriptor, page }): ListCommand => {
    const header = new Uint8Array(ten ? 8 : 4);
    const block = descriptor ? new Uint8Array(8) : new Uint8Array(0);
    if (descriptor) block[6] = BLOCK >> 8;
    header[ten ? 7 : 3] = block.length;
    const body = new Uint8Array(page === 0x08 ? 20 : 12);
    body[0] = page;
    body[1] = body.length - 2;
    // WCE, GLTSD.
    body[2] = page === 0x08 ? 0x04 : 0x02;
    const data = Uint8Array.from([...header, ...block, ...body]);
    const cdb = ten
      ? Uint8Array.from([0x55, 0x10, 0, 0, 0, 0, 0, 0, data.length, 0])
      : Uint8Array.from([0x15, 0x10, 0, 0, data.length, 0]);
    const at = header.length + block.length;
    const lengths = {
      'block descriptor length': ten ? ([6, 2] as const) : ([3, 1] as const),
      'page length': [at + 1, 1],
    } as const;
    const values = { 'page code': [at, 1], 'page byte 2': [at + 2, 1], 'page byte 4': [at + 4, 1] } as const;
    return { name: `MODE SELECT (${ten ? 10 : 6})`, cdb, data, fields: fieldsIn('data', values, lengths) };
  });

/** Lists that say how long they are, and where, more often than data that is as it is. */
export const listCommand: fc.Arbitrary<ListCommand> = fc.oneof(
  { arbitrary: unmap, weight: 3 },
  writeSame,
  compareAndWrite,
  verify,
  reserveOut,
  { arbitrary: modeSelect, weight: 2 },
  copyListCommand,
);
