import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ScsiLimits } from '../../../../src/limits.ts';
import {
  type Decision,
  NO_RESERVATIONS,
  type PersistentState,
  pairKey,
} from '../../../../src/scsi/local-unit/reservations/persistent-state.ts';
import {
  move,
  type RegisterRequest,
  register,
} from '../../../../src/scsi/local-unit/reservations/register.ts';
import { NO_KEY } from '../../../../src/wire/scsi/persistent-reserve-out.ts';
import { sense } from '../../../../src/wire/scsi/sense.ts';
import { key, pair, stateOf, toldIn } from './states.ts';

const [a, b] = [pair('a'), pair('b')];

function ask(state: PersistentState, given: Partial<RegisterRequest>): Decision {
  return register(state, {
    from: a,
    key: NO_KEY,
    newKey: key(1),
    ignoreExisting: false,
    activatePersistence: false,
    relativePorts: [a.relativePort],
    initiatorPorts: null,
    ...given,
  });
}

function next(decision: Decision): PersistentState {
  assert.ok('next' in decision, JSON.stringify(decision));
  return decision.next;
}

const named = [{ initiatorName: 'c', isid: '000000000001' }];
const [conflict, invalidCdb] = ['conflict', sense.invalidFieldInCdb()] as const;
const registered = stateOf([[a, 1]]);

/** SPC-4's table of what REGISTER does, line by line: [registered, request, what comes of it: keys, or a refusal]. */
const lines: readonly [string, PersistentState, Partial<RegisterRequest>, unknown][] = [
  ['not registered, no key, none asked for', NO_RESERVATIONS, { newKey: NO_KEY }, []],
  [
    'not registered, none asked for, further ports',
    NO_RESERVATIONS,
    { newKey: NO_KEY, initiatorPorts: named },
    invalidCdb,
  ],
  ['not registered, no key', NO_RESERVATIONS, {}, [key(1)]],
  ['not registered, no key, further ports', NO_RESERVATIONS, { initiatorPorts: named }, [key(1), key(1)]],
  ['not registered, a key', NO_RESERVATIONS, { key: key(9) }, conflict],
  ['registered, another key', registered, { key: key(9), newKey: key(2) }, conflict],
  ['registered, no key', registered, { newKey: key(2) }, conflict],
  ['registered, its key', registered, { key: key(1), newKey: key(2) }, [key(2)]],
  [
    'registered, its key, further ports',
    registered,
    { key: key(1), newKey: key(2), initiatorPorts: named },
    invalidCdb,
  ],
  ['registered, its key, none asked for', registered, { key: key(1), newKey: NO_KEY }, []],
  ['ignoring, not registered', NO_RESERVATIONS, { ignoreExisting: true, key: key(9) }, [key(1)]],
  ['ignoring, not registered, none asked for', NO_RESERVATIONS, { ignoreExisting: true, newKey: NO_KEY }, []],
  ['ignoring, registered', registered, { ignoreExisting: true, key: key(9), newKey: key(2) }, [key(2)]],
  ['ignoring, registered, none asked for', registered, { ignoreExisting: true, newKey: NO_KEY }, []],
];

describe('REGISTER', () => {
  for (const [what, state, request, expected] of lines) {
    test(what, () => {
      const decision = ask(state, request);
      const outcome =
        'refused' in decision
          ? decision.refused
          : [...decision.next.registrants.values()].map((each) => each.key);
      assert.deepEqual(outcome, expected);
    });
  }

  test('counts in PRGENERATION what changes something, and is persistent as it says last', () => {
    const once = next(ask(NO_RESERVATIONS, { activatePersistence: true }));
    assert.deepEqual([once.generation, once.persists], [1, true]);
    const twice = next(ask(once, { key: key(1), newKey: key(2) }));
    assert.deepEqual([twice.generation, twice.persists], [2, false]);
    assert.equal(next(ask(NO_RESERVATIONS, { newKey: NO_KEY })), NO_RESERVATIONS);
    assert.equal(next(ask({ ...once, generation: 0xffff_ffff }, { key: key(1) })).generation, 0);
  });

  test('with all target ports is as if it came through each, or none', () => {
    const all = next(ask(NO_RESERVATIONS, { relativePorts: [1, 2, 3] }));
    assert.deepEqual(
      [...all.registrants.keys()],
      [1, 2, 3].map((relativePort) => pairKey({ ...a, relativePort })),
    );
    assert.deepEqual(ask(registered, { relativePorts: [1, 2], key: key(1) }), { refused: 'conflict' });
    assert.equal(
      next(ask(all, { relativePorts: [1, 2, 3], key: key(1), newKey: NO_KEY })).registrants.size,
      0,
    );
  });

  test('refuses a port that is registered already among the further ones', () => {
    const state = stateOf([[{ ...a, ...named[0] }, 5]]);
    assert.deepEqual(ask(state, { initiatorPorts: named }), { refused: 'conflict' });
  });

  test('has room for so many registrants, and no more', () => {
    const many = Array.from({ length: ScsiLimits.maxRegistrants - 1 }, (_, index) => index + 10);
    const state = stateOf(many.map((relativePort) => [{ ...a, relativePort }, 1]));
    const full = next(ask(state, {}));
    assert.equal(full.registrants.size, ScsiLimits.maxRegistrants);
    assert.deepEqual(ask(full, { from: b }), { refused: sense.insufficientRegistrationResources() });
    assert.equal(next(ask(full, { key: key(1), newKey: key(2) })).registrants.size, full.registrants.size);
  });

  for (const [type, tells] of [
    [1, false],
    [3, false],
    [5, true],
    [6, true],
  ] as const) {
    test(`the holder of type ${type} that unregisters releases it${tells ? ', and the others are told' : ''}`, () => {
      const state = stateOf(
        [
          [a, 1],
          [b, 2],
        ],
        { type, holder: pairKey(a) },
      );
      const decision = ask(state, { key: key(1), newKey: NO_KEY });
      assert.equal(next(decision).reservation, null);
      assert.deepEqual(toldIn(decision), tells ? [[0x04, [pairKey(b)]]] : []);
      assert.notEqual(next(ask(state, { from: b, key: key(2), newKey: NO_KEY })).reservation, null);
    });
  }

  test('all registrants hold theirs until the last has gone', () => {
    const state = stateOf(
      [
        [a, 1],
        [b, 2],
      ],
      { type: 7, holder: null },
    );
    const one = next(ask(state, { key: key(1), newKey: NO_KEY }));
    assert.notEqual(one.reservation, null);
    assert.equal(next(ask(one, { from: b, key: key(2), newKey: NO_KEY })).reservation, null);
  });
});

describe('REGISTER AND MOVE', () => {
  const held = stateOf([[a, 1]], { type: 1, holder: pairKey(a) });
  const request = {
    from: a,
    to: b,
    key: key(1),
    newKey: key(2),
    unregister: false,
    activatePersistence: false,
  };

  test('registers the other nexus, and moves the reservation to it', () => {
    const moved = next(move(held, request));
    assert.deepEqual(moved.reservation, { type: 1, holder: pairKey(b) });
    assert.deepEqual(
      [...moved.registrants.values()].map((each) => each.key),
      [key(1), key(2)],
    );
    assert.deepEqual(
      [...next(move(held, { ...request, unregister: true })).registrants.keys()],
      [pairKey(b)],
    );
  });

  test('is the holder’s alone, by its key, and of a type that one nexus holds', () => {
    const others = stateOf(
      [
        [a, 1],
        [b, 2],
      ],
      { type: 1, holder: pairKey(b) },
    );
    for (const state of [
      NO_RESERVATIONS,
      stateOf([[a, 1]]),
      others,
      stateOf([[a, 1]], { type: 8, holder: null }),
    ]) {
      assert.deepEqual(move(state, request), { refused: 'conflict' });
    }
    assert.deepEqual(move(held, { ...request, key: key(3) }), { refused: 'conflict' });
  });

  test('goes to another nexus, with a key', () => {
    const refused = { refused: sense.invalidFieldInParameterList() };
    assert.deepEqual(move(held, { ...request, newKey: NO_KEY }), refused);
    assert.deepEqual(move(held, { ...request, to: a }), refused);
  });
});
