import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DiscardedData } from '../../../src/scsi/discarded-data.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { u16, u32 } from '../../../src/wire/scsi/bytes.ts';
import {
  copyInCdb,
  populateList,
  type RangeShape,
  tokenOutCdb,
  writeTokenList,
  zeroToken,
} from '../../support/copy-lists.ts';
import { blockCdb, pattern, unmapCdb, unmapList } from '../../support/scsi.ts';
import { BLOCK, CopyRig, codeOf } from './rig.ts';

const POPULATE = 0x10;
const WRITE_USING = 0x11;
const INFORMATION = 7;
const PIECE = (256 * 1024) / BLOCK;
const BLOCKS = (8 << 20) / BLOCK;

function populate(rig: CopyRig, list: Uint8Array, nexus = rig.nexus, lun = 1, listIdentifier = 1) {
  return rig.run(lun, tokenOutCdb(POPULATE, listIdentifier, list.length), { dataOut: list, nexus });
}

/** A token of those ranges of unit a. */
async function makeToken(rig: CopyRig, ranges: readonly RangeShape[], seconds = 0): Promise<Uint8Array> {
  assert.equal(codeOf(await populate(rig, populateList(ranges, { seconds }))), 'status 0');
  const { data } = await rig.run(1, copyInCdb(INFORMATION, 1), { dataIn: 1024 });
  assert.equal(data.length, 32 + 4 + 2 + 512);
  return data.slice(-512);
}

/** WRITE USING TOKEN to unit b. */
function startUse(
  rig: CopyRig,
  token: Uint8Array,
  ranges: readonly RangeShape[],
  { offset = 0, nexus = rig.nexus, lun = 2 }: { offset?: number; nexus?: Nexus; lun?: number } = {},
) {
  const list = writeTokenList(token, ranges, offset);
  return rig.start(lun, tokenOutCdb(WRITE_USING, 2, list.length), { dataOut: list, nexus });
}

describe('ROD tokens: what is copied', () => {
  test('the ranges of a token, in their order, over the ranges of the destination', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(2000 * BLOCK, 3));
      const token = await makeToken(rig, [
        { lba: 1000, blocks: 900 },
        { lba: 0, blocks: 600 },
      ]);
      const ranges = [
        { lba: 5000, blocks: 1 },
        { lba: 3000, blocks: 0 },
        { lba: 100, blocks: 1499 },
      ];
      assert.equal(codeOf(await startUse(rig, token, ranges).ended), 'status 0');
      const all = pattern(2000 * BLOCK, 3);
      assert.deepEqual(await rig.read(rig.b, 5000, 1), all.subarray(1000 * BLOCK, 1001 * BLOCK));
      assert.deepEqual(await rig.read(rig.b, 100, 899), all.subarray(1001 * BLOCK, 1900 * BLOCK));
      assert.deepEqual(await rig.read(rig.b, 999, 600), all.subarray(0, 600 * BLOCK));
      const { data } = await rig.run(2, copyInCdb(INFORMATION, 2), { dataIn: 64 });
      assert.deepEqual([data.length, u32(data, 0), data[4], data[5]], [36, 32, WRITE_USING, 0x01]);
      assert.deepEqual([data[15], u32(data, 20), u16(data, 24)], [0xf1, 1500, 0], 'in blocks');
    }));

  test('from an offset, as often as one likes, by another initiator too', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(64 * BLOCK, 4));
      const token = await makeToken(rig, [{ lba: 0, blocks: 64 }]);
      const other = rig.openNexus('iqn.test:two');
      for (const [offset, nexus] of [
        [0, rig.nexus],
        [40, other],
        [63, rig.nexus],
      ] as const) {
        const ranges = [{ lba: offset * 10, blocks: 64 - offset }];
        assert.equal(codeOf(await startUse(rig, token, ranges, { offset, nexus }).ended), 'status 0');
        const expected = pattern(64 * BLOCK, 4).subarray(offset * BLOCK);
        assert.deepEqual(await rig.read(rig.b, offset * 10, 64 - offset), expected);
      }
      rig.router.closeNexus(other, 'logout');
    }));

  test('between blocks of 512 bytes and of 4 KiB', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(64 * BLOCK, 5));
      const token = await makeToken(rig, [{ lba: 0, blocks: 64 }]);
      assert.equal(
        codeOf(await startUse(rig, token, [{ lba: 9, blocks: 7 }], { offset: 1, lun: 3 }).ended),
        'status 0',
      );
      assert.deepEqual(await rig.read(rig.large, 9, 7), pattern(64 * BLOCK, 5).subarray(8 * BLOCK));
    }));

  test('zeroes, from the token that stands for them', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.b, 0, pattern(64 * BLOCK));
      const ranges = [
        { lba: 8, blocks: 8 },
        { lba: 32, blocks: BLOCKS - 32 },
      ];
      assert.equal(codeOf(await startUse(rig, zeroToken(), ranges).ended), 'status 0');
      const expected = pattern(64 * BLOCK);
      expected.fill(0, 8 * BLOCK, 16 * BLOCK).fill(0, 32 * BLOCK);
      assert.deepEqual(await rig.read(rig.b, 0, 64), expected);
    }));

  test('less than the ranges want: COPY TARGET DEVICE DATA UNDERRUN, with the blocks that were written', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(8 * BLOCK));
      const token = await makeToken(rig, [{ lba: 0, blocks: 8 }]);
      const outcome = await startUse(rig, token, [{ lba: 0, blocks: 20 }], { offset: 2 }).ended;
      assert.deepEqual([codeOf(outcome), outcome.sense?.information], ['0a/0d/04', 6]);
      assert.deepEqual(await rig.read(rig.b, 0, 6), pattern(8 * BLOCK).subarray(2 * BLOCK));
      assert.deepEqual(await rig.read(rig.b, 6, 2), new Uint8Array(2 * BLOCK));
    }));

  test('nothing, without a list, or of ranges without blocks', () =>
    CopyRig.with(async (rig) => {
      assert.equal(codeOf(await rig.run(1, tokenOutCdb(POPULATE, 1, 0))), 'status 0');
      assert.equal(codeOf(await rig.run(2, tokenOutCdb(WRITE_USING, 1, 0))), 'status 0');
      assert.equal(codeOf(await populate(rig, populateList([{ lba: 0, blocks: 0 }]))), 'status 0');
      const { data } = await rig.run(1, copyInCdb(INFORMATION, 1), { dataIn: 1024 });
      assert.deepEqual([data.length, u32(data, 32)], [36, 0], 'and no token');
    }));
});

describe('ROD tokens: what they are', () => {
  test('512 bytes that name their unit and cannot be guessed', () =>
    CopyRig.with(async (rig) => {
      const ranges = [{ lba: 4, blocks: 6 }];
      const [one, other] = [await makeToken(rig, ranges), await makeToken(rig, ranges)];
      assert.deepEqual([u32(one, 0), u16(one, 6), one[16]], [0x0080_0001, 0x01f8, 0xe4]);
      assert.deepEqual([...one.subarray(24, 40)], [...rig.a.unit.identity.naa]);
      assert.equal(u32(one, 60), 6 * BLOCK);
      assert.notDeepEqual(one.subarray(256), other.subarray(256));
      assert.notDeepEqual(one.subarray(8, 16), other.subarray(8, 16));
    }));

  test('the information on a POPULATE TOKEN: told whole once, to its nexus', () =>
    CopyRig.with(async (rig) => {
      const other = rig.openNexus('iqn.test:two');
      const list = populateList([{ lba: 0, blocks: 8 }], { type: 0x0080_0000 });
      assert.equal(codeOf(await populate(rig, list, rig.nexus, 1, 77)), 'status 0');
      const information = (options: { nexus?: Nexus; dataIn?: number; allocation?: number } = {}) => {
        const { nexus = rig.nexus, dataIn = 1024, allocation = 1024 } = options;
        return rig.run(1, copyInCdb(INFORMATION, 77, allocation), { dataIn, nexus });
      };
      assert.equal(codeOf(await information({ nexus: other })), '05/24/00');
      const head = (await information({ allocation: 32 })).data;
      assert.deepEqual([head.length, u32(head, 0), head[4], head[5]], [32, 546, POPULATE, 0x01]);
      assert.deepEqual([head[15], u32(head, 20)], [0xf1, 8]);
      assert.equal((await information()).data.length, 550);
      assert.equal(codeOf(await information()), '05/24/00');
      await populate(rig, list, rig.nexus, 1, 77);
      const zeroes = writeTokenList(zeroToken(), [{ lba: 0, blocks: 1 }]);
      await rig.run(1, tokenOutCdb(WRITE_USING, 77, zeroes.length), { dataOut: zeroes });
      assert.equal((await information()).data[4], WRITE_USING, 'the identifier was used anew');
      rig.router.closeNexus(other, 'logout');
    }));

  test('no more than a unit keeps', () =>
    CopyRig.with(async (rig) => {
      const list = populateList([{ lba: 0, blocks: 8 }]);
      for (let count = 0; count < 256; count += 1) await populate(rig, list);
      assert.equal(codeOf(await populate(rig, list)), '05/55/0c');
      await rig.write(rig.a, 0, pattern(BLOCK));
      assert.equal(codeOf(await populate(rig, list)), 'status 0', 'when the others are cancelled');
      for (let count = 0; count < 255; count += 1) await populate(rig, list);
      assert.equal(codeOf(await populate(rig, list)), '05/55/0c');
      rig.clock.pass(60_000);
      assert.equal(codeOf(await populate(rig, list)), 'status 0', 'when the others have expired');
    }));
});

describe('ROD tokens: never data that is not what the unit held when the token was made', () => {
  const cancels: [string, (rig: CopyRig) => Promise<unknown>, boolean][] = [
    ['a write of one of its blocks', (rig) => rig.write(rig.a, 107, pattern(BLOCK)), true],
    ['a write of all of them', (rig) => rig.write(rig.a, 0, pattern(400 * BLOCK)), true],
    ['a write beside them', (rig) => rig.write(rig.a, 108, pattern(50 * BLOCK)), false],
    ['a write of another unit', (rig) => rig.write(rig.b, 107, pattern(BLOCK)), false],
    ['WRITE SAME', (rig) => rig.run(1, blockCdb(0x93, 100, 1), { dataOut: pattern(BLOCK) }), true],
    [
      'UNMAP',
      (rig) => {
        const list = unmapList([{ lba: 100, blocks: 1 }]);
        return rig.run(1, unmapCdb(list.length), { dataOut: list });
      },
      true,
    ],
    ['a read', (rig) => rig.read(rig.a, 0, 400), false],
  ];
  for (const [name, happens, isCancelled] of cancels) {
    test(`${name} ${isCancelled ? 'cancels it' : 'leaves it'}`, () =>
      CopyRig.with(async (rig) => {
        await rig.write(rig.a, 0, pattern(400 * BLOCK, 8));
        const token = await makeToken(rig, [
          { lba: 300, blocks: 8 },
          { lba: 100, blocks: 8 },
        ]);
        await happens(rig);
        const outcome = await startUse(rig, token, [{ lba: 0, blocks: 16 }]).ended;
        assert.equal(codeOf(outcome), isCancelled ? '05/23/08' : 'status 0');
        if (isCancelled) assert.deepEqual(await rig.read(rig.b, 0, 16), new Uint8Array(16 * BLOCK));
      }));
  }

  test('a write that is running when it is made cancels it', () =>
    CopyRig.with(async (rig) => {
      rig.a.held.holding = true;
      const write = rig.start(1, blockCdb(0x8a, 0, 8), { dataOut: pattern(8 * BLOCK) });
      await rig.a.held.atLeast(1);
      const [token, beside] = [
        await makeToken(rig, [{ lba: 7, blocks: 8 }]),
        await makeToken(rig, [{ lba: 8, blocks: 8 }]),
      ];
      rig.a.held.open();
      await write.ended;
      assert.equal(codeOf(await startUse(rig, token, [{ lba: 0, blocks: 8 }]).ended), '05/23/08');
      assert.equal(codeOf(await startUse(rig, beside, [{ lba: 0, blocks: 8 }]).ended), 'status 0');
    }));

  test('a write while it is used: what was read before is written, and nothing after', () =>
    CopyRig.with(async (rig) => {
      const old = pattern(16 * PIECE * BLOCK, 1);
      await rig.write(rig.a, 0, old);
      const token = await makeToken(rig, [{ lba: 0, blocks: 16 * PIECE }]);
      rig.b.held.holding = true;
      const use = startUse(rig, token, [{ lba: 0, blocks: 16 * PIECE }]);
      await rig.b.held.atLeast(4);
      await rig.write(rig.a, 9 * PIECE, pattern(BLOCK, 2));
      rig.b.held.open();
      const outcome = await use.ended;
      assert.deepEqual([codeOf(outcome), outcome.sense?.information], ['0a/0d/04', 4 * PIECE]);
      assert.deepEqual(await rig.read(rig.b, 0, 4 * PIECE), old.subarray(0, 4 * PIECE * BLOCK));
      assert.deepEqual(await rig.read(rig.b, 4 * PIECE, 8), new Uint8Array(8 * BLOCK));
    }));

  test('a write between the reading of a piece and its confirmation: the piece is not written', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(8 * BLOCK, 1));
      const token = await makeToken(rig, [{ lba: 0, blocks: 8 }]);
      const execute = rig.a.unit.execute.bind(rig.a.unit);
      let questions = 0;
      rig.a.unit.execute = (command) => {
        if (command.cdb[0] === 0x84) questions += 1;
        if (command.cdb[0] !== 0x84 || questions !== 2) return execute(command);
        // The second question is the one behind the read: it is long on its way.
        setImmediate(async () => {
          await rig.write(rig.a, 3, pattern(BLOCK, 2));
          execute(command);
        });
        return new DiscardedData(rig.pool);
      };
      const outcome = await startUse(rig, token, [{ lba: 0, blocks: 8 }]).ended;
      assert.equal(codeOf(outcome), '05/23/08');
      assert.equal(questions, 2);
      assert.deepEqual(await rig.read(rig.b, 0, 8), new Uint8Array(8 * BLOCK));
    }));

  test('it expires when it is not used, and lives by being used', () =>
    CopyRig.with(async (rig) => {
      const ranges = [{ lba: 0, blocks: 8 }];
      const [short, long] = [await makeToken(rig, ranges), await makeToken(rig, ranges, 600)];
      rig.clock.pass(59_000);
      assert.equal(codeOf(await startUse(rig, short, ranges).ended), 'status 0');
      rig.clock.pass(59_000);
      assert.equal(codeOf(await startUse(rig, short, ranges).ended), 'status 0');
      rig.clock.pass(60_000);
      assert.equal(codeOf(await startUse(rig, short, ranges).ended), '05/23/07');
      assert.equal(codeOf(await startUse(rig, long, ranges).ended), 'status 0');
      rig.clock.pass(600_000);
      assert.equal(codeOf(await startUse(rig, long, ranges).ended), '05/23/07');
    }));
});

describe('ROD tokens: broken and hostile lists, and what is not shown', () => {
  const forged: [string, (token: Uint8Array) => Uint8Array, string][] = [
    ['one bit of its secret', (token) => flip(token, 300), '05/23/04'],
    ['its identifier', (token) => flip(token, 15), '05/23/04'],
    ['the number of its bytes', (token) => flip(token, 62), '05/23/04'],
    ['a reserved byte', (token) => flip(token, 100), '05/23/04'],
    ['its length', (token) => flip(token, 7), '05/23/0a'],
    ['its type', (token) => flip(token, 1), '05/23/01'],
    ['its creator’s descriptor', (token) => flip(token, 16), '05/23/05'],
    ['its creator', (token) => flip(token, 30), '0a/0d/02'],
  ];
  for (const [name, change, expected] of forged) {
    test(`a token with another ${name.replace(/^(its|the|one|a) /, '')}`, () =>
      CopyRig.with(async (rig) => {
        await rig.write(rig.a, 0, pattern(8 * BLOCK));
        const token = change(await makeToken(rig, [{ lba: 0, blocks: 8 }]));
        assert.equal(codeOf(await startUse(rig, token, [{ lba: 0, blocks: 8 }]).ended), expected);
        assert.deepEqual(await rig.read(rig.b, 0, 8), new Uint8Array(8 * BLOCK));
      }));
  }

  test('a token of a unit that the initiator is not shown', () =>
    CopyRig.with(async (rig) => {
      const list = populateList([{ lba: 0, blocks: 8 }]);
      await populate(rig, list, rig.nexus, 2);
      const token = (await rig.run(2, copyInCdb(INFORMATION, 1), { dataIn: 1024 })).data.slice(-512);
      const nexus = rig.openNexus('iqn.test:hidden');
      const outcome = await startUse(rig, token, [{ lba: 0, blocks: 8 }], { nexus, lun: 1 }).ended;
      assert.equal(codeOf(outcome), '0a/0d/02');
      rig.router.closeNexus(nexus, 'logout');
    }));

  test('a reservation of another host on either unit', () =>
    CopyRig.with(async (rig) => {
      const ranges = [{ lba: 0, blocks: 8 }];
      const token = await makeToken(rig, ranges);
      const other = rig.openNexus('iqn.test:two');
      await rig.run(1, [0x16, 0, 0, 0, 0, 0], { nexus: other });
      assert.equal((await populate(rig, populateList(ranges))).status, 0x18);
      const outcome = await startUse(rig, token, ranges).ended;
      assert.deepEqual([codeOf(outcome), outcome.sense?.information], ['05/0d/04', 0]);
      await rig.run(1, [0x17, 0, 0, 0, 0, 0], { nexus: other });
      await rig.run(2, [0x16, 0, 0, 0, 0, 0], { nexus: other });
      assert.equal((await startUse(rig, token, ranges).ended).status, 0x18);
      rig.router.closeNexus(other, 'logout');
    }));

  const one = { lba: 0, blocks: 1 };
  const bad: [string, readonly RangeShape[], string][] = [
    ['no range', [], '05/26/00'],
    [
      'a block in two ranges',
      [
        { lba: 5, blocks: 5 },
        { lba: 0, blocks: 6 },
      ],
      '05/26/00',
    ],
    ['more ranges than are announced', new Array<RangeShape>(65).fill({ lba: 0, blocks: 0 }), '05/26/08'],
    ['a range over the end', [one, { lba: BLOCKS - 1, blocks: 2 }], '05/21/00'],
    ['an LBA of 2^53', [{ lba: 2 ** 53 - 1, blocks: 0xffff_ffff }], '05/21/00'],
  ];
  for (const [name, ranges, expected] of bad) {
    test(`${name}: neither made nor written`, () =>
      CopyRig.with(async (rig) => {
        assert.equal(codeOf(await populate(rig, populateList(ranges))), expected);
        assert.equal(codeOf(await rig.run(1, copyInCdb(INFORMATION, 1), { dataIn: 1024 })), '05/24/00');
        await rig.write(rig.b, 0, pattern(8 * BLOCK));
        assert.equal(codeOf(await startUse(rig, zeroToken(), ranges).ended), expected);
        assert.deepEqual(await rig.read(rig.b, 0, 8), pattern(8 * BLOCK));
      }));
  }

  test('lists that are short, or lie about their length, other types, and too long a timeout', () =>
    CopyRig.with(async (rig) => {
      const good = populateList([one, { lba: 9, blocks: 1 }]);
      assert.equal(codeOf(await populate(rig, good.subarray(0, 15))), '05/1a/00');
      assert.equal(codeOf(await populate(rig, good.with(1, 29))), '05/26/00');
      assert.equal(codeOf(await populate(rig, good.with(15, 15))), '05/26/00');
      assert.equal(codeOf(await populate(rig, good.subarray(0, 47))), 'status 0', 'a cut range is ignored');
      assert.equal(codeOf(await populate(rig, populateList([one], { type: 0x0001_0000 }))), '05/26/00');
      assert.equal(codeOf(await populate(rig, populateList([one], { seconds: 601 }))), '05/26/00');
      const cdb = tokenOutCdb(POPULATE, 1, 0xffff_ffff);
      assert.equal(codeOf(await rig.run(1, cdb, { dataOut: good })), '05/1a/00');
      const list = writeTokenList(zeroToken(), [one]);
      const use = (bytes: Uint8Array, length = bytes.length) =>
        rig.run(2, tokenOutCdb(WRITE_USING, 1, length), { dataOut: bytes });
      assert.equal(codeOf(await use(list.subarray(0, 535))), '05/1a/00');
      assert.equal(codeOf(await use(list.with(0, 0))), '05/26/00');
      assert.equal(codeOf(await use(list.with(535, 15))), '05/26/00');
      assert.equal(codeOf(await use(list, list.length + 1)), '05/1a/00');
    }));

  test('an offset behind what the token stands for, and one that overflows', () =>
    CopyRig.with(async (rig) => {
      const token = await makeToken(rig, [{ lba: 0, blocks: 8 }]);
      for (const offset of [8, 2 ** 53 - 1]) {
        assert.equal(codeOf(await startUse(rig, token, [one], { offset }).ended), '05/26/00');
      }
      const list = writeTokenList(token, [one]);
      list.fill(0xff, 8, 16);
      const outcome = await rig.run(2, tokenOutCdb(WRITE_USING, 1, list.length), { dataOut: list });
      assert.equal(codeOf(outcome), '05/26/00');
    }));
});

function flip(token: Uint8Array, at: number): Uint8Array {
  return token.with(at, (token[at] ?? 0) ^ 0x01);
}
