import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DiskDone, Errno } from '../../../../src/env/disk.ts';
import { IscsiLimits, ScsiLimits } from '../../../../src/limits.ts';
import { commandOf } from '../../../../src/scsi/command-table.ts';
import {
  changed,
  type Decision,
  type PersistentState,
  pairKey,
} from '../../../../src/scsi/local-unit/reservations/persistent-state.ts';
import { register } from '../../../../src/scsi/local-unit/reservations/register.ts';
import { Reservations } from '../../../../src/scsi/local-unit/reservations/reservations.ts';
import { reserve } from '../../../../src/scsi/local-unit/reservations/reserve.ts';
import { initiatorPortsOf } from '../../../../src/scsi/local-unit/reservations/transport-ids.ts';
import { NO_KEY } from '../../../../src/wire/scsi/persistent-reserve-out.ts';
import { testNexus, testPort } from '../../../support/scsi.ts';
import { TestCommand } from '../../../support/test-command.ts';
import { key, pair, stateOf } from './states.ts';

/** A store that saves when the test says so. */
class HeldReservationStore {
  saved: Uint8Array | null = null;
  saving: { readonly bytes: Uint8Array; readonly done: DiskDone } | null = null;

  save(bytes: Uint8Array, done: DiskDone): void {
    assert.equal(this.saving, null, 'one at a time');
    this.saving = { bytes, done };
  }

  end(error: Errno | null): void {
    const { saving } = this;
    assert.ok(saving !== null);
    this.saving = null;
    if (error === null) this.saved = saving.bytes;
    saving.done(error);
  }
}

function registering(name: string, given: { persists?: boolean; key?: number; newKey?: number } = {}) {
  const from = pair(name);
  const { persists = true, key: old, newKey = 1 } = given;
  return (state: PersistentState): Decision =>
    register(state, {
      from,
      key: old === undefined ? NO_KEY : key(old),
      newKey: key(newKey),
      ignoreExisting: false,
      activatePersistence: persists,
      relativePorts: [from.relativePort],
      initiatorPorts: null,
    });
}

function make(store: HeldReservationStore | null) {
  const reservations = new Reservations({ store, relativePorts: [1, 2] });
  const decided: (string | boolean)[] = [];
  const change = (decide: (state: PersistentState) => Decision) =>
    reservations.change(decide, (what) => decided.push(typeof what === 'string' ? what : 'next' in what));
  return { reservations, change, decided };
}

describe('what has to survive power loss', () => {
  test('is saved before it is in force, and the next waits for it', () => {
    const store = new HeldReservationStore();
    const { reservations, change, decided } = make(store);
    change(registering('a'));
    change((state) => reserve(state, { nexus: pairKey(pair('a')), key: key(1), type: 3 }));
    assert.deepEqual([reservations.state.registrants.size, decided], [0, []]);
    store.end(null);
    assert.deepEqual([reservations.state.registrants.size, decided], [1, [true]]);
    store.end(null);
    assert.deepEqual([reservations.state.reservation?.type, decided], [3, [true, true]]);
  });

  test('comes back, with PRGENERATION 0', () => {
    const store = new HeldReservationStore();
    const { reservations, change } = make(store);
    change(registering('a'));
    store.end(null);
    change((state) => reserve(state, { nexus: pairKey(pair('a')), key: key(1), type: 8 }));
    store.end(null);
    assert.equal(reservations.state.generation, 1);
    const back = make(store).reservations;
    assert.deepEqual(back.state, { ...reservations.state, generation: 0 });
  });

  test('has room for as many registrants as there may be, with the longest names', () => {
    const store = new HeldReservationStore();
    const { change } = make(store);
    const name = '"'.repeat(IscsiLimits.maxNameBytes);
    const ports = Array.from({ length: ScsiLimits.maxRegistrants }, (_, index) => ({
      ...pair(name, 64_000 + index),
      isid: '00023d000001',
    }));
    const full = stateOf(ports.map((port) => [port, 0x7fff_ffff]));
    const holder = [...full.registrants.keys()][0] ?? null;
    change(() => changed({ ...full, persists: true, reservation: { type: 1, holder } }));
    const length = store.saving?.bytes.length ?? 0;
    assert.ok(
      length > ScsiLimits.savedReservationsBytes * 0.9 && length <= ScsiLimits.savedReservationsBytes,
    );
    store.end(null);
    assert.equal(make(store).reservations.state.registrants.size, ScsiLimits.maxRegistrants);
  });

  test('that can not be saved has not happened', () => {
    const store = new HeldReservationStore();
    const { reservations, change, decided } = make(store);
    change(registering('a'));
    store.end('EIO');
    assert.deepEqual([reservations.state.registrants.size, decided], [0, ['EIO']]);
    change(registering('b'));
    store.end(null);
    assert.equal(reservations.state.registrants.size, 1);
  });

  test('is taken from the store when APTPL is taken back, and nothing is saved without it', () => {
    const store = new HeldReservationStore();
    const { change } = make(store);
    change(registering('a', { persists: false }));
    assert.equal(store.saving, null);
    change(registering('a', { key: 1, newKey: 2 }));
    store.end(null);
    assert.equal(make(store).reservations.state.registrants.size, 1);
    change(registering('a', { key: 2, newKey: 3, persists: false }));
    store.end(null);
    assert.deepEqual(make(store).reservations.state, stateOf([]));
  });

  test('in a format that is not known stops the start', () => {
    for (const text of ['{}', 'null', '{"version":1,"registrants":[{}],"reservation":null}']) {
      const store = new HeldReservationStore();
      store.saved = Buffer.from(text);
      assert.throws(() => make(store), /format/);
    }
  });
});

describe('a reservation', () => {
  const nexusOf = (name: string) => testNexus(name, testPort(), '000000000001');
  const forbids = (reservations: Reservations, name: string, ...cdb: number[]) => {
    const command = new TestCommand({ nexus: nexusOf(name), cdb });
    const spec = commandOf(command.cdb);
    assert.ok(typeof spec !== 'string');
    return reservations.forbids(spec, command);
  };
  /** [type, who is kept from reading, and from writing] of holder, registrant and stranger. */
  const cells: readonly [number, readonly boolean[], readonly boolean[]][] = [
    [1, [false, false, false], [false, true, true]],
    [3, [false, true, true], [false, true, true]],
    [5, [false, false, false], [false, false, true]],
    [6, [false, false, true], [false, false, true]],
    [7, [false, false, false], [false, false, true]],
    [8, [false, false, true], [false, false, true]],
  ];
  for (const [type, reading, writing] of cells) {
    test(`of type ${type} lets the right ones read and write`, () => {
      const { reservations, change } = make(null);
      const held = stateOf([
        [pair('holder'), 1],
        [pair('registrant'), 2],
      ]);
      const holder = type >= 7 ? null : pairKey(pair('holder'));
      change(() => changed({ ...held, reservation: { type: type as 1, holder } }));
      const names = ['holder', 'registrant', 'stranger'];
      assert.deepEqual(
        names.map((name) => forbids(reservations, name, 0x28)),
        reading,
      );
      assert.deepEqual(
        names.map((name) => forbids(reservations, name, 0x2a)),
        writing,
      );
      assert.ok(names.every((name) => !forbids(reservations, name, 0x00)));
    });
  }

  test('lets a unit be started by all, and stopped by its holder', () => {
    const { reservations, change } = make(null);
    change(() => changed(stateOf([[pair('holder'), 1]], { type: 1, holder: pairKey(pair('holder')) })));
    assert.deepEqual(
      [1, 0, 0x11].map((byte4) => forbids(reservations, 'stranger', 0x1b, 0, 0, 0, byte4, 0)),
      [false, true, true],
    );
    assert.equal(forbids(reservations, 'holder', 0x1b, 0, 0, 0, 0, 0), false);
  });

  test('by RESERVE is not given while a registration is being saved', () => {
    const store = new HeldReservationStore();
    const { reservations, change } = make(store);
    change(registering('a'));
    assert.equal(reservations.reserve(nexusOf('b')), false);
    store.end(null);
    assert.ok(forbids(reservations, 'b', 0x16));
  });
});

describe('initiator ports of TransportIDs', () => {
  test('one without an ISID is every port that is known by nexus or registration, each once', () => {
    const state = stateOf([
      [{ ...pair('a'), isid: '2' }, 1],
      [pair('b'), 1],
    ]);
    const known = [
      { initiatorName: 'a', isid: '1' },
      { initiatorName: 'a', isid: '2' },
    ];
    assert.deepEqual(initiatorPortsOf([{ initiatorName: 'a', isid: null }], known, state), known);
    assert.equal(initiatorPortsOf([{ initiatorName: 'c', isid: null }], known, state), 'unknown');
    const far = { initiatorName: 'c', isid: '000000000007' };
    assert.deepEqual(initiatorPortsOf([far, far], known, state), [far]);
  });
});
