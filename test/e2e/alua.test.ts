/** Issue 2, point 5: one identity through every port, access states, and what clients are told when the link dies. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { qemuIo } from '../support/disk.ts';
import { designatorsOf, portGroupsOf } from '../support/identification.ts';
import { Cdb, Session } from '../support/session.ts';
import { countersOf, linkOf } from '../support/status.ts';

/** Every port through which beta's unit, LUN 2, can be reached. */
const ports = ['alpha-shared', 'alpha-proxy', 'alpha-all', 'beta-local', 'beta-all'];
const LUN = 2;
const Association = { unit: 0, port: 1, target: 2 };
const State = { activeOptimized: 0, activeNonOptimized: 1, unavailable: 3 };
const ALPHA = 1;
const BETA = 2;
/** UNIT ATTENTION, ASYMMETRIC ACCESS STATE CHANGED. */
const ACCESS_STATE_CHANGED = { key: 6, asc: 0x2a, ascq: 0x06, information: null };
/** UNIT ATTENTION, I_T NEXUS LOSS OCCURRED. */
const NEXUS_LOST = { key: 6, asc: 0x29, ascq: 0x07, information: null };
/** NOT READY, LOGICAL UNIT NOT ACCESSIBLE, TARGET PORT IN UNAVAILABLE STATE. */
const PORT_UNAVAILABLE = { key: 2, asc: 0x04, ascq: 0x0c, information: null };

describe('asymmetric access', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  async function through<T>(port: string, use: (session: Session) => Promise<T>): Promise<T> {
    const session = await Session.open(cluster, port);
    await session.unitAttentions(LUN);
    const result = await use(session);
    await session.close();
    return result;
  }

  /** The same of every port, in their order. */
  async function throughAll<T>(use: (session: Session) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    for (const port of ports) results.push(await through(port, use));
    return results;
  }

  function same(values: readonly unknown[]): void {
    for (const value of values) assert.deepEqual(value, values[0]);
  }

  test('a unit has the same designators and serial number through every port', async () => {
    const pages = await throughAll((session) => session.data(LUN, Cdb.vpd(0x83)));
    const ofUnit = pages.map((page) =>
      designatorsOf(page).filter(({ association }) => association === Association.unit),
    );
    assert.deepEqual(ofUnit[0]?.map(({ type }) => type).sort(), [1, 3], 'T10 vendor identification and NAA');
    const naa = ofUnit[0]?.find(({ type }) => type === 3)?.value;
    assert.equal(naa?.length, 16);
    assert.equal((naa?.[0] ?? 0) >>> 4, 6);
    same(ofUnit);
    same(await throughAll((session) => session.data(LUN, Cdb.vpd(0x80))));
    same(await throughAll((session) => session.data(LUN, Cdb.inquiry)));
  });

  test('another unit has other designators', async () => {
    const one = await through('beta-local', (session) => session.data(LUN, Cdb.vpd(0x83)));
    const other = await through('alpha-local', (session) => session.data(1, Cdb.vpd(0x83)));
    for (const type of [1, 3]) {
      const [a, b] = [one, other].map((page) =>
        designatorsOf(page).find((each) => each.association === Association.unit && each.type === type),
      );
      assert.notDeepEqual(a, b);
    }
  });

  test('each port has designators of its own, made where the command arrives', async () => {
    for (const name of ports) {
      const page = await through(name, (session) => session.data(LUN, Cdb.vpd(0x83)));
      const value = (association: number, type: number) =>
        designatorsOf(page).find((each) => each.association === association && each.type === type)?.value;
      const { relativeId, targetName, portalGroupTag } = cluster.port(name);
      assert.deepEqual(value(Association.port, 4), Uint8Array.of(0, 0, 0, relativeId));
      assert.deepEqual(
        value(Association.port, 5),
        Uint8Array.of(0, 0, 0, name.startsWith('alpha') ? ALPHA : BETA),
      );
      const tag = portalGroupTag.toString(16).padStart(4, '0');
      assert.equal(text(value(Association.port, 8)), `${targetName},t,0x${tag}`);
      assert.equal(text(value(Association.target, 8)), targetName);
    }
  });

  test('INQUIRY says implicit ALUA', async () => {
    const inquiry = await through('alpha-proxy', (session) => session.data(LUN, Cdb.inquiry));
    assert.equal(((inquiry[5] ?? 0) >>> 4) & 3, 1);
  });

  test('REPORT TARGET PORT GROUPS is the same through every port: the owner optimized, the other not', async () => {
    const answers = await throughAll((session) => session.data(LUN, Cdb.reportTargetPortGroups));
    same(answers);
    const ids = (names: readonly string[]) => names.map((name) => cluster.port(name).relativeId);
    assert.deepEqual(portGroupsOf(answers[0] ?? new Uint8Array(4)), [
      {
        group: ALPHA,
        state: State.activeNonOptimized,
        ports: ids(['alpha-shared', 'alpha-proxy', 'alpha-all']),
      },
      { group: BETA, state: State.activeOptimized, ports: ids(['beta-local', 'beta-all']) },
    ]);
  });

  test('when the link dies and comes back, every nexus of both systems is told, once each time', async () => {
    const proxied = await Session.open(cluster, 'alpha-proxy');
    const direct = await Session.open(cluster, 'beta-local');
    for (const session of [proxied, direct]) await session.unitAttentions(LUN);

    cluster.interconnect.reset();
    await cluster.until(
      'both have noticed, and say so',
      (status) =>
        linkOf(status, 'alpha').state !== 'up' &&
        linkOf(status, 'beta').state !== 'up' &&
        countersOf(status, 'vol-b', 'alpha-proxy').state === 'unavailable' &&
        countersOf(status, 'vol-b', 'beta-local').state === 'active/optimized',
    );
    assert.deepEqual(await direct.unitAttentions(LUN), [ACCESS_STATE_CHANGED]);
    assert.deepEqual(await proxied.unitAttentions(LUN), [ACCESS_STATE_CHANGED]);
    assert.deepEqual((await proxied.run(LUN, Cdb.testUnitReady)).sense, PORT_UNAVAILABLE);
    assert.deepEqual((await proxied.run(LUN, Cdb.read10(0, 1))).sense, PORT_UNAVAILABLE);
    assert.deepEqual(await states(proxied), [State.unavailable, State.activeOptimized]);
    assert.deepEqual(await states(direct), [State.unavailable, State.activeOptimized]);
    assert(hasLun(await proxied.data(0, Cdb.reportLuns), LUN), 'the LUN does not vanish');
    const { dataIn } = await proxied.run(LUN, Cdb.inquiry);
    assert.equal(dataIn[0], 0, 'and is connected');
    await direct.data(LUN, Cdb.read10(0, 1));

    cluster.interconnect.heal();
    await cluster.untilLinked();
    // The owner has lost the nexus with the link, and all it kept for it (SAM-5 6.3.4).
    assert.deepEqual(await proxied.unitAttentions(LUN), [ACCESS_STATE_CHANGED, NEXUS_LOST]);
    assert.deepEqual(await direct.unitAttentions(LUN), [ACCESS_STATE_CHANGED]);
    assert.deepEqual(await states(proxied), [State.activeNonOptimized, State.activeOptimized]);
    assert.deepEqual(await states(direct), [State.activeNonOptimized, State.activeOptimized]);
    await proxied.data(LUN, Cdb.read10(0, 1));
    for (const session of [proxied, direct]) await session.close();
    await qemuIo(cluster.disk('alpha-proxy', LUN), 'write -P 0x91 0 64k', 'read -P 0x91 0 64k');
  });

  async function states(session: Session): Promise<number[]> {
    return portGroupsOf(await session.data(LUN, Cdb.reportTargetPortGroups)).map(({ state }) => state);
  }
});

/** REPORT LUNS has it, in peripheral device addressing. */
function hasLun(answer: Uint8Array, lun: number): boolean {
  for (let at = 8; at < answer.length; at += 8) if (answer[at] === 0 && answer[at + 1] === lun) return true;
  return false;
}

/** A SCSI name string: UTF-8 up to the first null. */
function text(value: Uint8Array | undefined): string {
  return new TextDecoder().decode(value).replace(/\0+$/, '');
}
