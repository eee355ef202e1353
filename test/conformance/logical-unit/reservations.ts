import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { u8, u16, u32 } from '../../../src/wire/scsi/bytes.ts';
import { pattern, testNexus, testPort } from '../../support/scsi.ts';
import type { Outcome } from '../../support/test-command.ts';
import { turn } from './reads.ts';
import { BLOCK, type Rig, readCdb, TEST_UNIT_READY, type UnitMaker, withRig, writeCdb } from './rig.ts';

const CONFLICT = 0x18;
const Out = {
  register: 0,
  reserve: 1,
  release: 2,
  clear: 3,
  preempt: 4,
  preemptAndAbort: 5,
  ignore: 6,
  move: 7,
} as const;
type Out = (typeof Out)[keyof typeof Out];
const In = { keys: 0, reservation: 1, capabilities: 2, fullStatus: 3 } as const;
const WE = 1;
const EA = 3;
const WE_RO = 5;
const EA_AR = 8;
const RESERVE_6 = [0x16, 0, 0, 0, 0, 0];
const RELEASE_6 = [0x17, 0, 0, 0, 0, 0];
const RESERVE_10 = [0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const RELEASE_10 = [0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0];

interface OutFields {
  readonly nexus?: Nexus;
  readonly key?: number;
  readonly newKey?: number;
  readonly type?: number;
  /** Byte 20. */
  readonly flags?: number;
  readonly more?: readonly number[];
}

/** PERSISTENT RESERVE OUT with a list made by hand. */
function reserveOut(rig: Rig, action: Out, fields: OutFields = {}): Promise<Outcome> {
  const { key = 0, newKey = 0, type = 0, flags = 0, more = [] } = fields;
  const list = Uint8Array.from([...eight(key), ...eight(newKey), 0, 0, 0, 0, flags, 0, 0, 0, ...more]);
  const cdb = [0x5f, action, type, 0, 0, 0, 0, list.length >> 8, list.length & 0xff, 0];
  return rig.run(cdb, { dataOut: list, nexus: fields.nexus ?? rig.nexus });
}

async function accepted(rig: Rig, action: Out, fields: OutFields = {}): Promise<void> {
  const { status, sense } = await reserveOut(rig, action, fields);
  assert.deepEqual([status, sense], [0, null]);
}

async function conflicting(outcome: Promise<Outcome>): Promise<void> {
  assert.equal((await outcome).status, CONFLICT);
}

function eight(key: number): number[] {
  return [0, 0, 0, 0, key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff];
}

async function reserveIn(rig: Rig, action: number, dataIn = 4096, nexus = rig.nexus): Promise<Uint8Array> {
  const cdb = [0x5e, action, 0, 0, 0, 0, 0, dataIn >> 8, dataIn & 0xff, 0];
  return (await rig.good(cdb, { dataIn, nexus })).data;
}

async function keysOf(rig: Rig, nexus = rig.nexus): Promise<number[]> {
  const data = await reserveIn(rig, In.keys, 4096, nexus);
  return Array.from({ length: u32(data, 4) / 8 }, (_, index) => u32(data, 12 + 8 * index));
}

async function generation(rig: Rig): Promise<number> {
  return u32(await reserveIn(rig, In.keys), 0);
}

/** [key, type] or null. */
async function reservation(rig: Rig): Promise<[number, number] | null> {
  const data = await reserveIn(rig, In.reservation);
  return u32(data, 4) === 0 ? null : [u32(data, 12), u8(data, 21)];
}

/** The same host through another port of another system. */
async function otherPath(rig: Rig, name = rig.nexus.initiatorName): Promise<Nexus> {
  const nexus = testNexus(name, testPort({ name: 'beta-all', system: 'beta', relativeId: 2, groupId: 2 }));
  await rig.run(TEST_UNIT_READY, { nexus });
  return nexus;
}

const write = (nexus: Nexus) => ({ dataOut: pattern(BLOCK), nexus });

export function describeReservations(makeUnit: UnitMaker): void {
  describe('persistent reservations', () => {
    test('a registration is of one initiator port through one target port', () =>
      withRig(makeUnit, async (rig) => {
        const path = await otherPath(rig);
        await accepted(rig, Out.register, { newKey: 0xa1 });
        await conflicting(reserveOut(rig, Out.reserve, { key: 0xa1, type: WE, nexus: path }));
        await accepted(rig, Out.register, { newKey: 0xa2, nexus: path });
        assert.deepEqual(await keysOf(rig), [0xa1, 0xa2]);
        assert.equal(await generation(rig), 2);
        await conflicting(reserveOut(rig, Out.register, { key: 0xff, newKey: 0xa3 }));
        await conflicting(reserveOut(rig, Out.register, { newKey: 0xa3 }));
        await accepted(rig, Out.register, { key: 0xa1, newKey: 0xa3 });
        await accepted(rig, Out.ignore, { newKey: 0xa4, nexus: path });
        assert.deepEqual(await keysOf(rig), [0xa3, 0xa4]);
        await accepted(rig, Out.register, { key: 0xa3 });
        assert.deepEqual(await keysOf(rig, path), [0xa4]);
      }));

    test('an exclusive one shuts out every other nexus, registered or not, and those for registrants do not', () =>
      withRig(makeUnit, async (rig) => {
        const [other, stranger] = [await rig.otherNexus(), await rig.otherNexus('iqn.2026-11.test:three')];
        await accepted(rig, Out.register, { newKey: 1 });
        await accepted(rig, Out.register, { newKey: 2, nexus: other });
        await accepted(rig, Out.reserve, { key: 1, type: EA });
        for (const nexus of [other, stranger]) {
          await conflicting(rig.run(readCdb(0, 1), { dataIn: BLOCK, nexus }));
          await conflicting(rig.run(writeCdb(0, 1), write(nexus)));
          await rig.good(TEST_UNIT_READY, { nexus });
        }
        await rig.good(writeCdb(0, 1), write(rig.nexus));
        await accepted(rig, Out.release, { key: 1, type: EA });
        await accepted(rig, Out.reserve, { key: 1, type: WE_RO });
        await rig.good(writeCdb(0, 1), write(other));
        await conflicting(rig.run(writeCdb(0, 1), write(stranger)));
        await rig.good(readCdb(0, 1), { dataIn: BLOCK, nexus: stranger });
        assert.deepEqual(await reservation(rig), [1, WE_RO]);
        await conflicting(reserveOut(rig, Out.reserve, { key: 2, type: WE_RO, nexus: other }));
        await accepted(rig, Out.reserve, { key: 1, type: WE_RO });
        await rig.refused([0x5f, Out.release, WE, 0, 0, 0, 0, 0, 24, 0], '05/26/04', {
          dataOut: Uint8Array.from([...eight(1), ...new Array<number>(16).fill(0)]),
        });
        await accepted(rig, Out.release, { key: 1, type: WE_RO });
        await rig.refused(TEST_UNIT_READY, '06/2a/04', { nexus: other });
        await rig.good(TEST_UNIT_READY, { nexus: stranger });
        await rig.good(TEST_UNIT_READY);
      }));

    test('all registrants hold one of that kind, until the last has gone', () =>
      withRig(makeUnit, async (rig) => {
        const path = await otherPath(rig);
        await accepted(rig, Out.register, { newKey: 1 });
        await accepted(rig, Out.register, { newKey: 2, nexus: path });
        await accepted(rig, Out.reserve, { key: 2, type: EA_AR, nexus: path });
        assert.deepEqual(await reservation(rig), [0, EA_AR]);
        await accepted(rig, Out.reserve, { key: 1, type: EA_AR });
        await accepted(rig, Out.register, { key: 2, nexus: path });
        assert.deepEqual(await reservation(rig), [0, EA_AR]);
        await conflicting(rig.run(readCdb(0, 1), { dataIn: BLOCK, nexus: path }));
        await accepted(rig, Out.register, { key: 1 });
        assert.equal(await reservation(rig), null);
      }));

    test('CLEAR removes all, and tells the others', () =>
      withRig(makeUnit, async (rig) => {
        const path = await otherPath(rig);
        await accepted(rig, Out.register, { newKey: 1 });
        await accepted(rig, Out.register, { newKey: 2, nexus: path });
        await accepted(rig, Out.reserve, { key: 2, type: EA, nexus: path });
        await accepted(rig, Out.clear, { key: 1 });
        assert.deepEqual([await keysOf(rig), await reservation(rig)], [[], null]);
        await rig.refused(TEST_UNIT_READY, '06/2a/03', { nexus: path });
        await rig.good(TEST_UNIT_READY, { nexus: path });
      }));

    test('PREEMPT takes the reservation over, removes the victim’s registrations on every path, and tells it', () =>
      withRig(makeUnit, async (rig) => {
        const victim = await rig.otherNexus();
        const [path, third] = [await otherPath(rig, victim.initiatorName), await otherPath(rig)];
        await accepted(rig, Out.register, { newKey: 1 });
        await accepted(rig, Out.register, { newKey: 1, nexus: third });
        for (const nexus of [victim, path]) await accepted(rig, Out.register, { newKey: 2, nexus });
        await accepted(rig, Out.reserve, { key: 2, type: WE, nexus: victim });
        await accepted(rig, Out.preempt, { key: 1, newKey: 2, type: WE_RO });
        assert.deepEqual(
          [await keysOf(rig), await reservation(rig)],
          [
            [1, 1],
            [1, WE_RO],
          ],
        );
        for (const nexus of [victim, path]) {
          // SAM-5 5.3.3: the conflict is reported before the unit attention, which stays.
          await conflicting(rig.run(writeCdb(0, 1), write(nexus)));
          await rig.refused(TEST_UNIT_READY, '06/2a/05', { nexus });
          await rig.good(TEST_UNIT_READY, { nexus });
        }
        await rig.refused(TEST_UNIT_READY, '06/2a/04', { nexus: third });
        await rig.good(writeCdb(0, 1), write(third));
        await conflicting(reserveOut(rig, Out.preempt, { key: 1, newKey: 9, type: WE_RO }));
        await rig.refused([0x5f, Out.preempt, WE, 0, 0, 0, 0, 0, 24, 0], '05/26/00', {
          dataOut: Uint8Array.from([...eight(1), ...new Array<number>(16).fill(0)]),
        });
      }));

    test('a write that waited in the task set does not run against a reservation that came meanwhile', () =>
      withRig(makeUnit, async (rig) => {
        const victim = await rig.otherNexus();
        await accepted(rig, Out.register, { newKey: 1 });
        rig.held.holding = true;
        const running = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 1) });
        await rig.held.atLeast(1);
        const waiting = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 2), nexus: victim });
        await rig.good(TEST_UNIT_READY, { nexus: victim });
        await accepted(rig, Out.reserve, { key: 1, type: WE });
        rig.held.open();
        assert.equal((await running.ended).status, 0);
        assert.equal((await waiting.ended).status, CONFLICT);
        assert.deepEqual(await rig.read(0, 1), pattern(BLOCK, 1));
      }));

    test('a write whose data comes after the reservation is not stored', () =>
      withRig(makeUnit, async (rig) => {
        const victim = await rig.otherNexus();
        await accepted(rig, Out.register, { newKey: 1 });
        const late = rig.start(writeCdb(0, 1), {
          dataOut: pattern(BLOCK, 2),
          unsolicited: 0,
          supplies: false,
          nexus: victim,
        });
        while (late.asked.length === 0) await turn();
        await accepted(rig, Out.reserve, { key: 1, type: WE });
        late.supply();
        assert.equal((await late.ended).status, CONFLICT);
        assert.ok((await rig.read(0, 1)).every((byte) => byte === 0));
      }));

    test('a reservation is not answered while the store still works on a write that it forbids', () =>
      withRig(makeUnit, async (rig) => {
        const victim = await rig.otherNexus();
        await accepted(rig, Out.register, { newKey: 1 });
        rig.held.holding = true;
        const running = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 1), nexus: victim });
        await rig.held.atLeast(1);
        let answered = false;
        const reserved = accepted(rig, Out.reserve, { key: 1, type: WE }).then(() => {
          answered = true;
        });
        await rig.good(TEST_UNIT_READY);
        assert.equal(answered, false);
        rig.held.open();
        await reserved;
        assert.equal((await running.ended).status, 0);
      }));

    test('PREEMPT AND ABORT answers when what the victim had running on all paths has gone', () =>
      withRig(makeUnit, async (rig) => {
        const victim = await rig.otherNexus();
        const path = await otherPath(rig, victim.initiatorName);
        await accepted(rig, Out.register, { newKey: 1 });
        for (const nexus of [victim, path]) await accepted(rig, Out.register, { newKey: 2, nexus });
        rig.held.holding = true;
        const running = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 1), nexus: victim });
        await rig.held.atLeast(1);
        const waiting = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 2), nexus: path });
        const mine = rig.start(readCdb(8, 1), { dataIn: BLOCK });
        await rig.held.atLeast(2);
        let answered = false;
        const preempted = accepted(rig, Out.preemptAndAbort, { key: 1, newKey: 2, type: WE }).then(() => {
          answered = true;
        });
        assert.equal((await waiting.ended).how, 'aborted');
        await rig.good(TEST_UNIT_READY);
        assert.equal(answered, false);
        rig.held.open();
        await preempted;
        assert.equal((await running.ended).how, 'aborted');
        assert.equal((await mine.ended).status, 0);
        assert.notDeepEqual(await rig.read(0, 1), pattern(BLOCK, 2));
        for (const nexus of [victim, path]) {
          await rig.refused(TEST_UNIT_READY, '06/2a/05', { nexus });
          await rig.refused(TEST_UNIT_READY, '06/2f/00', { nexus });
          await rig.good(TEST_UNIT_READY, { nexus });
        }
      }));

    test('registrations and reservations survive nexus loss and LOGICAL UNIT RESET', () =>
      withRig(makeUnit, async (rig) => {
        const holder = await rig.otherNexus();
        await accepted(rig, Out.register, { newKey: 2, nexus: holder });
        await accepted(rig, Out.reserve, { key: 2, type: WE, nexus: holder });
        rig.unit.nexusLost(holder, 'connectionLost');
        await new Promise<void>((done) => {
          rig.unit.manage(rig.nexus, TaskManagementFunction.logicalUnitReset, 0, () => done());
        });
        await rig.run(TEST_UNIT_READY);
        await conflicting(rig.run(writeCdb(0, 1), write(rig.nexus)));
        const back = await rig.otherNexus();
        await rig.good(writeCdb(0, 1), write(back));
        assert.deepEqual(await reservation(rig), [2, WE]);
      }));

    test('SPEC_I_PT registers ports that are not here; READ FULL STATUS shows them', () =>
      withRig(makeUnit, async (rig) => {
        const name = 'iqn.2026-11.test:far,i,0x00023d0000ff';
        const id = [0x45, 0, 0, 40, ...Buffer.from(name.padEnd(40, '\0'))];
        await accepted(rig, Out.register, { newKey: 7, flags: 0x08, more: [0, 0, 0, id.length, ...id] });
        const data = await reserveIn(rig, In.fullStatus);
        assert.equal(u32(data, 4), data.length - 8);
        const second = 8 + 24 + u32(data, 8 + 20);
        assert.equal(u32(data, second + 4), 7);
        assert.equal(u16(data, second + 18), rig.nexus.port.relativeId);
        assert.deepEqual([...data.subarray(second + 24)], id);
        await conflicting(
          reserveOut(rig, Out.register, { flags: 0x08, newKey: 8, more: [0, 0, 0, id.length, ...id] }),
        );
      }));

    test('lists of a wrong length or with wrong fields are refused, and change nothing', () =>
      withRig(makeUnit, async (rig) => {
        const list = Uint8Array.from([...eight(0), ...eight(1), ...new Array<number>(8).fill(0)]);
        const sized = (length: number) => [0x5f, Out.register, 0, 0, 0, 0, 0, 0, length, 0];
        await rig.refused(sized(23), '05/1a/00', { dataOut: list.subarray(0, 23) });
        await rig.refused(sized(24), '05/1a/00', { dataOut: list.subarray(0, 23) });
        await rig.refused(sized(0), '05/1a/00');
        await rig.refused(sized(28), '05/1a/00', { dataOut: Uint8Array.from([...list, 0, 0, 0, 0]) });
        const named = (...more: number[]) => Uint8Array.from([...list.with(20, 0x08), ...more]);
        await rig.refused(sized(28), '05/1a/00', { dataOut: named(0, 0, 0, 24) });
        const malformed = named(0, 0, 0, 24, 0x46, 0, 0, 20, ...new Array<number>(20).fill(0x61));
        await rig.refused(sized(52), '05/26/00', { dataOut: malformed });
        await rig.refused([0x5f, Out.reserve, 2, 0, 0, 0, 0, 0, 24, 0], '05/24/00', { dataOut: list });
        await rig.refused([0x5f, Out.reserve, 0x11, 0, 0, 0, 0, 0, 24, 0], '05/24/00', { dataOut: list });
        await rig.refused([0x5f, 0x08, 0, 0, 0, 0, 0, 0, 24, 0], '05/24/00', { dataOut: list });
        await rig.refused([0x5e, 0x04, 0, 0, 0, 0, 0, 0, 24, 0], '05/24/00', { dataIn: 24 });
        assert.deepEqual([await keysOf(rig), await generation(rig)], [[], 0]);
      }));

    test('REGISTER AND IGNORE EXISTING KEY with SPEC_I_PT is refused', () =>
      withRig(makeUnit, async (rig) => {
        const outcome = await reserveOut(rig, Out.ignore, { newKey: 1, flags: 0x08, more: [0, 0, 0, 0] });
        assert.deepEqual([outcome.sense?.asc, await keysOf(rig)], [0x26, []]);
      }));

    test('REPORT CAPABILITIES names every type', () =>
      withRig(makeUnit, async (rig) => {
        const data = await reserveIn(rig, In.capabilities);
        assert.equal(u16(data, 0), 8);
        assert.equal(u8(data, 2) & 0x0c, 0x0c, 'SIP_C and ATP_C');
        assert.deepEqual([u8(data, 3) & 0x80, u8(data, 4), u8(data, 5)], [0x80, 0xea, 0x01]);
      }));
  });

  describe('RESERVE and RELEASE', () => {
    for (const [take, give] of [
      [RESERVE_6, RELEASE_6],
      [RESERVE_10, RELEASE_10],
    ] as const) {
      test(`${take.length}: a unit is one nexus’s until that gives it back`, () =>
        withRig(makeUnit, async (rig) => {
          const path = await otherPath(rig);
          await rig.good(take);
          await rig.good(take);
          await conflicting(rig.run(take, { nexus: path }));
          await conflicting(rig.run(TEST_UNIT_READY, { nexus: path }));
          await conflicting(rig.run(readCdb(0, 1), { dataIn: BLOCK, nexus: path }));
          await rig.good(give, { nexus: path });
          await conflicting(rig.run(writeCdb(0, 1), write(path)));
          await rig.good(writeCdb(0, 1), write(rig.nexus));
          await rig.good(give);
          await rig.good(take, { nexus: path });
        }));
    }

    test('a lost nexus and LOGICAL UNIT RESET release it', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        await rig.good(RESERVE_6, { nexus: other });
        rig.unit.nexusLost(other, 'logout');
        await rig.good(RESERVE_6);
        await new Promise<void>((done) => {
          rig.unit.manage(rig.nexus, TaskManagementFunction.logicalUnitReset, 0, () => done());
        });
        const third = await rig.otherNexus('iqn.2026-11.test:three');
        await rig.good(TEST_UNIT_READY, { nexus: third });
      }));

    test('it and persistent reservations keep each other out', () =>
      withRig(makeUnit, async (rig) => {
        await rig.good(RESERVE_6);
        await conflicting(reserveOut(rig, Out.register, { newKey: 1 }));
        await conflicting(rig.run([0x5e, 0, 0, 0, 0, 0, 0, 0, 8, 0], { dataIn: 8 }));
        await rig.good(RELEASE_6);
        await accepted(rig, Out.register, { newKey: 1 });
        await conflicting(rig.run(RESERVE_6));
        await conflicting(rig.run(RELEASE_6));
      }));
  });
}
