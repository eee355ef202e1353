import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Conflict, ConflictClass, conflict } from '../../src/scsi/conflict-table.ts';

const { none, read, write, flush, wholeUnit } = ConflictClass;
const { pass, overlap, block } = Conflict;

/** [newer, older, what happens], every cell. */
const cells: readonly (readonly [ConflictClass, ConflictClass, Conflict])[] = [
  [none, none, pass],
  [none, read, pass],
  [none, write, pass],
  [none, flush, pass],
  [none, wholeUnit, pass],
  [read, none, pass],
  [read, read, pass],
  [read, write, overlap],
  [read, flush, pass],
  [read, wholeUnit, block],
  [write, none, pass],
  [write, read, overlap],
  [write, write, overlap],
  [write, flush, pass],
  [write, wholeUnit, block],
  [flush, none, pass],
  [flush, read, pass],
  [flush, write, overlap],
  [flush, flush, pass],
  [flush, wholeUnit, block],
  [wholeUnit, none, pass],
  [wholeUnit, read, block],
  [wholeUnit, write, block],
  [wholeUnit, flush, block],
  [wholeUnit, wholeUnit, block],
];

describe('conflict table', () => {
  for (const [newer, older, expected] of cells) {
    test(`${nameOf(newer)} behind ${nameOf(older)}`, () => {
      assert.equal(conflict[newer]?.[older], expected);
    });
  }

  test('has a cell for every pair of classes, and no other', () => {
    const classes = Object.values(ConflictClass).length;
    assert.equal(cells.length, classes * classes);
    assert.ok(conflict.length === classes && conflict.every((row) => row.length === classes));
  });
});

function nameOf(value: ConflictClass): string {
  return Object.entries(ConflictClass).find(([, other]) => other === value)?.[0] ?? '?';
}
