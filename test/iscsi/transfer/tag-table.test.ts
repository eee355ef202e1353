import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TagTable } from '../../../src/iscsi/transfer/tag-table.ts';

const MOST = 20;

/** Few tags, so that most of them are there already or meet others in their run; and any. */
const tag = fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(0x8000_0000, 0xffff_fffe), fc.nat(0xffff_ffff));
const step = fc.record({ what: fc.constantFrom('add', 'add', 'delete'), tag, clear: fc.nat({ max: 60 }) });

describe('a table by task tag', () => {
  test('is what a Map is, in order of arrival', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new TagTable<{ readonly tag: number }>(MOST);
        const map = new Map<number, { readonly tag: number }>();
        for (const { what, tag, clear } of steps) {
          if (clear === 0) {
            table.clear();
            map.clear();
          } else if (what === 'delete') {
            table.delete(tag);
            map.delete(tag);
          } else if (!map.has(tag) && map.size < MOST) {
            const added = { tag };
            table.add(added);
            map.set(tag, added);
          }
          assert.equal(table.size, map.size);
          for (const one of [tag, tag + 1]) assert.equal(table.get(one), map.get(one) ?? null);
          assert.deepEqual(table.values(), [...map.values()]);
        }
        for (const one of map.keys()) assert.ok(table.has(one));
      }),
      { numRuns: 2000 },
    );
  });

  test('holds as many as it was made for, whatever their tags, for as long as one likes', () => {
    const table = new TagTable<{ readonly tag: number }>(MOST);
    for (let tag = 0; tag < 100_000; tag += 1) {
      table.add({ tag: (tag * 2 ** 20) >>> 0 });
      if (tag >= MOST - 1) table.delete(((tag - MOST + 1) * 2 ** 20) >>> 0);
    }
    assert.equal(table.size, MOST - 1);
  });

  test('has a tag once', () => {
    const table = new TagTable<{ readonly tag: number }>(MOST);
    table.add({ tag: 7 });
    assert.throws(() => table.add({ tag: 7 }), /a tag is in the table once/);
  });
});
