/** Commands that ask for too much, say what is not so, or do not exist, as a client brings them over a socket: SPC-4, SBC-3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandOptions, IscsiInitiator } from '../../client/iscsi-initiator.ts';
import { commands } from '../../src/scsi/command-table.ts';
import { putU16, putU32 } from '../../src/wire/scsi/bytes.ts';
import { cdbLength } from '../../src/wire/scsi/cdb.ts';
import { blockCdb, pattern, unmapCdb, unmapList } from '../support/scsi.ts';
import { assertServes, BLOCK, LUN, type TestTarget, withTarget } from './support/test-target.ts';

const UNIT_BLOCKS = (64 << 20) / BLOCK;
const KEPT = 64 * BLOCK;
const read = (lba: number, blocks: number) => blockCdb(0x88, lba, blocks);
const modeSense = Uint8Array.of(0x1a, 0, 0x3f, 0, 255, 0);
const readKeys = Uint8Array.of(0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0);

/** [what, CDB, what comes with it, 'key/asc/ascq']. */
type Case = readonly [what: string, cdb: Uint8Array, options: CommandOptions, expected: string];

/** Everything that a unit may be asked must leave it as it was, and give all buffers back. */
async function refuseAll(cases: readonly Case[]): Promise<void> {
  await withTarget({}, async (target) => {
    const client = await ready(target);
    const data = pattern(KEPT, 5);
    await good(client, blockCdb(0x8a, 0, 64), { dataOut: data });
    const modes = await good(client, modeSense, { dataInLength: 255 });
    for (const [what, cdb, options, expected] of cases) {
      const { status, sense } = await client.command(LUN, cdb, options);
      const code = [sense?.key, sense?.asc, sense?.ascq].map((byte) =>
        (byte ?? 0).toString(16).padStart(2, '0'),
      );
      assert.deepEqual([what, status, code.join('/')], [what, 2, expected]);
    }
    assert.deepEqual(Buffer.from(await good(client, read(0, 64), { dataInLength: KEPT })), Buffer.from(data));
    assert.deepEqual(await good(client, modeSense, { dataInLength: 255 }), modes);
    assert.deepEqual([...(await good(client, readKeys, { dataInLength: 256 }))], new Array(8).fill(0));
    await client.logout();
    assert.equal(target.pool.leasedBytes, 0);
    await assertServes(target);
  });
}

async function ready(target: TestTarget): Promise<IscsiInitiator> {
  const client = await target.login();
  // It hears of a unit attention first.
  await client.command(LUN, new Uint8Array(6));
  return client;
}

async function good(client: IscsiInitiator, cdb: Uint8Array, options: CommandOptions): Promise<Uint8Array> {
  const { status, dataIn } = await client.command(LUN, cdb, options);
  assert.equal(status, 0, Buffer.from(cdb).toString('hex'));
  return dataIn;
}

test('an LBA and a length that leave the unit, or that wrap around 2^32, 2^53 or 2^64', async () => {
  const far = (operation: number, high: number, low: number, blocks: number) => {
    const cdb = new Uint8Array(16);
    cdb[0] = operation;
    putU32(cdb, 2, high);
    putU32(cdb, 6, low);
    putU32(cdb, 10, blocks);
    return cdb;
  };
  const one = { dataOut: pattern(BLOCK) };
  const out = '05/21/00';
  const cases: Case[] = [];
  for (const [high, low] of [
    [0xffffffff, 0xffffffff],
    [0x80000000, 0],
    [0x00200000, 0],
    [1, 0],
    [0, UNIT_BLOCKS],
  ] as const) {
    const where = `LBA ${high.toString(16)} ${low.toString(16)}`;
    cases.push([`READ (16) ${where}`, far(0x88, high, low, 1), { dataInLength: BLOCK }, out]);
    for (const operation of [0x8a, 0x8b, 0x8e, 0x93])
      cases.push([`${operation.toString(16)} ${where}`, far(operation, high, low, 1), one, out]);
    cases.push([`VERIFY (16) ${where}`, far(0x8f, high, low, 1), {}, out]);
    cases.push([`SYNCHRONIZE CACHE (16) ${where}`, far(0x91, high, low, 1), {}, out]);
  }
  cases.push(
    ['the last block and one more', read(UNIT_BLOCKS - 1, 2), { dataInLength: 2 * BLOCK }, out],
    [
      'READ (12) of all that it can say',
      blockCdb(0xa8, 0xffffffff, 0xffffffff),
      { dataInLength: BLOCK },
      out,
    ],
    ['WRITE (10) at the end of what it can say', blockCdb(0x2a, 0xffffffff, 0xffff), one, out],
    ['READ (16) of 2^32 - 1 blocks', read(0, 0xffffffff), { dataInLength: BLOCK }, out],
  );
  await refuseAll(cases);
});

test('UNMAP lists that are short, long, or lie about their length', async () => {
  const right = unmapList([{ lba: 0, blocks: 8 }]);
  const told = (at: number, value: number) => {
    const list = right.slice();
    putU16(list, at, value);
    return list;
  };
  const both = [{ lba: 0, blocks: 1 }];
  await refuseAll([
    ['4 bytes of a list', unmapCdb(24), { dataOut: right.slice(0, 4) }, '05/1a/00'],
    ['half a list', unmapCdb(24), { dataOut: right.slice(0, 16) }, '05/1a/00'],
    ['no list', unmapCdb(24), {}, '05/1a/00'],
    ['more descriptors than there are', unmapCdb(24), { dataOut: told(2, 0xffff) }, '05/1a/00'],
    ['a data length that does not reach them', unmapCdb(24), { dataOut: told(0, 6) }, '05/26/00'],
    [
      'one range of two outside',
      unmapCdb(40),
      { dataOut: unmapList([...both, { lba: UNIT_BLOCKS, blocks: 1 }]) },
      '05/21/00',
    ],
    [
      'one range of two past 2^52',
      unmapCdb(40),
      { dataOut: unmapList([...both, { lba: 2 ** 52, blocks: 1 }]) },
      '05/21/00',
    ],
    [
      'too many ranges',
      unmapCdb(8 + 16 * 257),
      { dataOut: unmapList(new Array(257).fill({ lba: 0, blocks: 1 })) },
      '05/26/00',
    ],
  ]);
});

test('WRITE SAME without its block, with more than it, and with NDOB where that is wrong', async () => {
  const block = pattern(BLOCK, 1);
  const cases: Case[] = [0x41, 0x93].flatMap((operation): Case[] => [
    [`${operation} without data-out`, blockCdb(operation, 0, 8), {}, '05/24/00'],
    [
      `${operation} with half a block`,
      blockCdb(operation, 0, 8),
      { dataOut: block.slice(0, 256) },
      '05/24/00',
    ],
    [`${operation} with two blocks`, blockCdb(operation, 0, 8), { dataOut: pattern(2 * BLOCK) }, '05/24/00'],
    [`${operation} of no blocks`, blockCdb(operation, 0, 0), { dataOut: block }, '05/24/00'],
  ]);
  await refuseAll([
    ...cases,
    ['NDOB with data', blockCdb(0x93, 0, 8, 0x01), { dataOut: block }, '05/24/00'],
    ['NDOB in the 10-byte command, which has none', blockCdb(0x41, 0, 8, 0x01), {}, '05/24/00'],
  ]);
});

test('PERSISTENT RESERVE OUT lists that are short, long, or lie about their length', async () => {
  const out = (length: number, action = 0) =>
    Uint8Array.of(0x5f, action, 0, 0, 0, 0, 0, length >> 8, length & 0xff, 0);
  const list = (length: number, changes: Readonly<Record<number, number>> = {}) => {
    const bytes = new Uint8Array(length);
    bytes[15] = 1;
    for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
    return bytes;
  };
  const SPEC_I_PT = { 20: 0x08 };
  await refuseAll([
    ['one byte short', out(23), { dataOut: list(23) }, '05/1a/00'],
    ['one byte fewer than announced', out(24), { dataOut: list(23) }, '05/1a/00'],
    ['no list', out(24), {}, '05/1a/00'],
    ['four bytes too many', out(28), { dataOut: list(28) }, '05/1a/00'],
    ['64 KiB announced, 24 sent', out(0xffff), { dataOut: list(24) }, '05/1a/00'],
    ['TransportIDs that are not there', out(28), { dataOut: list(28, { ...SPEC_I_PT, 27: 24 }) }, '05/1a/00'],
    [
      '4 GiB of TransportIDs',
      out(28),
      { dataOut: list(28, { ...SPEC_I_PT, 24: 0xff, 25: 0xff, 26: 0xff, 27: 0xff }) },
      '05/1a/00',
    ],
    [
      'a TransportID longer than its list',
      out(52),
      { dataOut: list(52, { ...SPEC_I_PT, 27: 24, 28: 0x45, 31: 0xff }) },
      '05/26/00',
    ],
    [
      'REGISTER AND MOVE to a TransportID that is not there',
      out(24, 7),
      { dataOut: list(24, { 23: 24 }) },
      '05/1a/00',
    ],
  ]);
});

test('MODE SELECT lists that are short, long, or lie about their length', async () => {
  const select = (length: number) => Uint8Array.of(0x15, 0x10, 0, 0, length, 0);
  const select10 = (length: number) =>
    Uint8Array.of(0x55, 0x10, 0, 0, 0, 0, 0, length >> 8, length & 0xff, 0);
  const bytes = (...list: readonly number[]) => ({ dataOut: Uint8Array.from(list) });
  const control = [0x0a, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  await refuseAll([
    ['3 bytes of a header', select(3), bytes(0, 0, 0), '05/1a/00'],
    ['7 bytes of a long header', select10(7), bytes(0, 0, 0, 0, 0, 0, 0), '05/1a/00'],
    ['a block descriptor that is not there', select(4), bytes(0, 0, 0, 8), '05/1a/00'],
    ['64 KiB of block descriptors', select10(8), bytes(0, 0, 0, 0, 0, 0, 0xff, 0xff), '05/26/00'],
    ['a page cut short', select(15), bytes(0, 0, 0, 0, ...control.slice(0, 11)), '05/1a/00'],
    ['a page that says it is longer', select(16), bytes(0, 0, 0, 0, ...control.with(1, 0xff)), '05/1a/00'],
    ['a page that says it is shorter', select(16), bytes(0, 0, 0, 0, ...control.with(1, 0x02)), '05/26/00'],
    ['a page that there is not', select(8), bytes(0, 0, 0, 0, 0x05, 0x02, 0, 0), '05/26/00'],
    ['64 KiB announced, 3 sent', select10(0xffff), bytes(0, 0, 0), '05/1a/00'],
    ['no list', select(16), {}, '05/1a/00'],
  ]);
});

test('COMPARE AND WRITE with another length than twice its blocks', async () => {
  const cdb = blockCdb(0x89, 0, 0);
  cdb[13] = 1;
  const cases = [0, BLOCK, 2 * BLOCK - 1, 3 * BLOCK].map(
    (length): Case => [
      `${length} bytes`,
      cdb,
      length === 0 ? {} : { dataOut: pattern(length, 3) },
      '05/24/00',
    ],
  );
  await refuseAll(cases);
});

test('vendor, reserved and unsupported operation codes, of every CDB length and of none', async () => {
  const known = new Set(commands.map(({ operationCode }) => operationCode));
  const unknown = Array.from({ length: 256 }, (_, code) => code).filter((code) => !known.has(code));
  assert.ok(
    unknown.some((code) => cdbLength(code) === 0),
    'those of groups without a length are among them',
  );
  await refuseAll(
    unknown.flatMap((code): Case[] => {
      const cdb = Uint8Array.of(code, 0, 0, 0, 0, 0);
      return [
        [`${code.toString(16)}h`, cdb, {}, '05/20/00'],
        [`${code.toString(16)}h with data`, cdb, { dataOut: pattern(8192) }, '05/20/00'],
      ];
    }),
  );
});

test('announced lengths take no memory before the data is there', async () => {
  await withTarget({}, async (target) => {
    const client = await ready(target);
    target.pool.resetPeak();
    const before = target.pool.peakLeasedBytes;
    for (const cdb of [
      unmapCdb(0xffff),
      Uint8Array.of(0x55, 0x10, 0, 0, 0, 0, 0, 0xff, 0xff, 0),
      Uint8Array.of(0x5f, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0),
      blockCdb(0x93, 0, UNIT_BLOCKS),
    ]) {
      assert.equal((await client.command(LUN, cdb, { dataOut: pattern(16) })).status, 2);
    }
    assert.ok(target.pool.peakLeasedBytes - before <= 16_384, `${target.pool.peakLeasedBytes} bytes`);
    await client.logout();
  });
});
