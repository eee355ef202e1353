import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Decision,
  type PersistentState,
  pairKey,
} from '../../../../src/scsi/local-unit/reservations/persistent-state.ts';
import { clear, preempt, release, reserve } from '../../../../src/scsi/local-unit/reservations/reserve.ts';
import { ReservationType } from '../../../../src/wire/scsi/persistent-reserve-in.ts';
import { NO_KEY } from '../../../../src/wire/scsi/persistent-reserve-out.ts';
import { sense } from '../../../../src/wire/scsi/sense.ts';
import { key, pair, stateOf, toldIn } from './states.ts';

const [a, b, c] = [pair('a'), pair('b'), pair('c')].map(pairKey) as [string, string, string];
const three = [
  [pair('a'), 1],
  [pair('b'), 2],
  [pair('c'), 3],
] as const;
const types = Object.values(ReservationType);
const conflict = { refused: 'conflict' };

function next(decision: Decision): PersistentState {
  assert.ok('next' in decision, JSON.stringify(decision));
  return decision.next;
}

describe('RESERVE', () => {
  for (const type of types) {
    test(`type ${type}: is given, given again to its holder, and to nobody else`, () => {
      const held = next(reserve(stateOf(three), { nexus: a, key: key(1), type }));
      const all = type >= 7;
      assert.deepEqual(held.reservation, { type, holder: all ? null : a });
      assert.equal(held.generation, 0);
      assert.equal(next(reserve(held, { nexus: a, key: key(1), type })), held);
      const other = reserve(held, { nexus: b, key: key(2), type });
      assert.deepEqual('refused' in other ? other : 'held', all ? 'held' : conflict);
      for (const another of types.filter((each) => each !== type)) {
        assert.deepEqual(reserve(held, { nexus: a, key: key(1), type: another }), conflict);
      }
    });
  }

  test('needs a registration and its key', () => {
    assert.deepEqual(reserve(stateOf([]), { nexus: a, key: NO_KEY, type: 1 }), conflict);
    assert.deepEqual(reserve(stateOf(three), { nexus: a, key: key(2), type: 1 }), conflict);
  });
});

describe('RELEASE', () => {
  for (const type of types) {
    test(`type ${type}: by its holder; registrants who were admitted by it are told`, () => {
      const state = stateOf(three, { type, holder: type >= 7 ? null : a });
      const decision = release(state, { nexus: a, key: key(1), type });
      assert.equal(next(decision).reservation, null);
      assert.deepEqual(toldIn(decision), type >= 5 ? [[0x04, [b, c]]] : []);
      const wrong = { refused: sense.invalidReleaseOfReservation() };
      assert.deepEqual(release(state, { nexus: a, key: key(1), type: type ^ 2 }), wrong);
      assert.deepEqual(release(state, { nexus: a, key: key(2), type }), conflict);
      if (type < 7) assert.equal(next(release(state, { nexus: b, key: key(2), type })), state);
    });
  }

  test('of none is GOOD', () => {
    const state = stateOf(three);
    assert.equal(next(release(state, { nexus: a, key: key(1), type: 1 })), state);
  });
});

describe('CLEAR', () => {
  test('is any registrant’s, and the others are told', () => {
    const state = stateOf(three, { type: 3, holder: a });
    const decision = clear(state, { nexus: b, key: key(2) });
    assert.deepEqual([next(decision).registrants.size, next(decision).reservation], [0, null]);
    assert.equal(next(decision).generation, 1);
    assert.deepEqual(toldIn(decision), [[0x03, [a, c]]]);
    assert.deepEqual(clear(state, { nexus: b, key: key(1) }), conflict);
  });
});

describe('PREEMPT', () => {
  const byA = { nexus: a, key: key(1), type: 1 } as const;

  for (const type of types.filter((each) => each < 7)) {
    test(`the holder of type ${type}: its registration goes, and the reservation is the other’s`, () => {
      const state = stateOf(three, { type, holder: b });
      const decision = preempt(state, { ...byA, type, victimKey: key(2) });
      assert.deepEqual([...next(decision).registrants.keys()], [a, c]);
      assert.deepEqual(next(decision).reservation, { type, holder: a });
      assert.deepEqual('preempted' in decision && [...decision.preempted], [b]);
      assert.deepEqual(toldIn(decision), [[0x05, [b]]]);
      const changed = preempt(state, { ...byA, type: 8, victimKey: key(2) });
      assert.deepEqual(next(changed).reservation, { type: 8, holder: null });
      assert.deepEqual(toldIn(changed), [
        [0x05, [b]],
        [0x04, [c]],
      ]);
    });

    test(`one who does not hold type ${type}: the reservation stays`, () => {
      const decision = preempt(stateOf(three, { type, holder: c }), { ...byA, victimKey: key(2) });
      assert.deepEqual([...next(decision).registrants.keys()], [a, c]);
      assert.deepEqual(next(decision).reservation, { type, holder: c });
      assert.deepEqual(toldIn(decision), [[0x05, [b]]]);
    });
  }

  for (const type of [7, 8] as const) {
    test(`under type ${type}: one by its key, or all with key 0`, () => {
      const state = stateOf(three, { type, holder: null });
      const one = next(preempt(state, { ...byA, victimKey: key(2) }));
      assert.deepEqual([[...one.registrants.keys()], one.reservation], [[a, c], { type, holder: null }]);
      const all = preempt(state, { ...byA, type: 3, victimKey: NO_KEY });
      assert.deepEqual(
        [[...next(all).registrants.keys()], next(all).reservation],
        [[a], { type: 3, holder: a }],
      );
      assert.deepEqual(toldIn(all), [[0x05, [b, c]]]);
    });
  }

  test('removes registrations where there is no reservation', () => {
    const decision = preempt(stateOf(three), { ...byA, victimKey: key(2) });
    assert.deepEqual([...next(decision).registrants.keys()], [a, c]);
    assert.deepEqual([next(decision).reservation, next(decision).generation], [null, 1]);
  });

  test('the holder may preempt itself to change the type, and those of the same key go', () => {
    const state = stateOf([...three, [pair('d'), 1]], { type: 1, holder: a });
    const decision = preempt(state, { ...byA, type: 5, victimKey: key(1) });
    assert.deepEqual([...next(decision).registrants.keys()], [a, b, c]);
    assert.deepEqual(next(decision).reservation, { type: 5, holder: a });
    assert.deepEqual(toldIn(decision), [
      [0x05, [pairKey(pair('d'))]],
      [0x04, [b, c]],
    ]);
  });

  test('its own registration, where it does not hold the reservation, goes without a word to itself', () => {
    const decision = preempt(stateOf(three), { ...byA, victimKey: key(1) });
    assert.deepEqual([...next(decision).registrants.keys()], [b, c]);
    assert.deepEqual(toldIn(decision), []);
  });

  test('of nobody is a conflict, and key 0 means nobody unless all hold the reservation', () => {
    const state = stateOf(three, { type: 1, holder: b });
    assert.deepEqual(preempt(state, { ...byA, victimKey: key(9) }), conflict);
    assert.deepEqual(preempt(state, { ...byA, key: key(9), victimKey: key(2) }), conflict);
    for (const each of [state, stateOf(three)]) {
      const wrong = { refused: sense.invalidFieldInParameterList() };
      assert.deepEqual(preempt(each, { ...byA, victimKey: NO_KEY }), wrong);
    }
  });
});
