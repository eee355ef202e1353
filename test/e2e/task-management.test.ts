/** Issue 2, point 7: task management functions reach the owner, and are answered on its word alone. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { TaskFunction } from '../../src/wire/iscsi/task-management-request.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { Cluster } from '../support/cluster.ts';
import { Cdb, Session } from '../support/session.ts';
import { linkOf } from '../support/status.ts';

const LUN = 2;
/** RFC 7143 11.6.1. */
const Response = { complete: 0, taskDoesNotExist: 1, lunDoesNotExist: 2 };
/** UNIT ATTENTION, BUS DEVICE RESET FUNCTION OCCURRED. */
const UNIT_RESET = { key: 6, asc: 0x29, ascq: 0x03, information: null };

describe('task management through a proxy', () => {
  let cluster: Cluster;
  let proxied: Session;
  const others: Session[] = [];
  beforeEach(async () => {
    cluster = await Cluster.start();
    proxied = await openQuiet('alpha-proxy', 'one');
  });
  afterEach(async () => {
    for (const session of [proxied, ...others.splice(0)]) await session.abandon();
    await cluster.end();
  });

  /** A session without a unit attention that waits. */
  async function openQuiet(port: string, name: string): Promise<Session> {
    const session = await Session.open(cluster, port, `iqn.2026-11.dev.crosspath.test:${name}`);
    await session.unitAttentions(LUN);
    return session;
  }

  async function openAt(port: string, lun: number): Promise<Session> {
    const session = await Session.open(cluster, port, 'iqn.2026-11.dev.crosspath.test:local');
    await session.unitAttentions(lun);
    return session;
  }

  test('LOGICAL UNIT RESET resets the unit at its owner: every nexus of both systems is told', async () => {
    for (const port of ['beta-local', 'beta-all', 'alpha-shared'])
      others.push(await openQuiet(port, 'other'));
    assert.equal(await proxied.initiator.manage(TaskFunction.logicalUnitReset, LUN), Response.complete);
    for (const session of [proxied, ...others]) {
      assert.deepEqual(await session.unitAttentions(LUN), [UNIT_RESET]);
      await session.data(LUN, Cdb.read10(0, 1));
    }
  });

  test('TARGET WARM RESET and COLD RESET reach the units of both systems; the cold one ends the sessions', async () => {
    for (const what of [TaskFunction.targetWarmReset, TaskFunction.targetColdReset]) {
      const single = await openQuiet('alpha-all', 'single');
      await single.unitAttentions(1);
      const local = [await openAt('alpha-local', 1), await openAt('beta-local', 2)] as const;
      others.push(single, ...local);
      const ended = what === TaskFunction.targetColdReset ? assert.rejects(pinging(single), /closed/) : null;
      assert.equal(await single.initiator.manage(what, 0), Response.complete);
      await ended;
      for (const [index, session] of local.entries())
        assert.deepEqual(await session.unitAttentions(index + 1), [UNIT_RESET]);
    }
  });

  test('a write whose link stalls is aborted on the owner’s word, and not before', async () => {
    cluster.interconnect.stall('fromClient');
    const write = proxied.startWrite(LUN, 0, 8, 0x11);
    let answered = false;
    const aborted = proxied.initiator.manage(TaskFunction.abortTask, LUN, write).then((response) => {
      answered = true;
      return response;
    });
    write.result.catch(() => {});
    await cluster.until('both are on their way', (status) => linkOf(status, 'alpha').exchanges === 2);
    assert(!answered, 'the proxy does not answer for the owner');
    cluster.interconnect.heal();
    const response = await aborted;
    // The owner had run the write before the abort came: its answer goes first, and the task is no more.
    assert(response === Response.complete || response === Response.taskDoesNotExist);
    await cluster.until('nothing is in flight', (status) => linkOf(status, 'alpha').exchanges === 0);
    const { status } = await proxied.run(LUN, Cdb.read10(0, 8));
    assert.equal(status, Status.good);
  });

  test('a function for a LUN that is not in the map is answered where it arrives', async () => {
    const before = linkOf(await cluster.status(), 'alpha').commandsForwarded;
    assert.equal(await proxied.initiator.manage(TaskFunction.logicalUnitReset, 77), Response.lunDoesNotExist);
    assert.equal(linkOf(await cluster.status(), 'alpha').commandsForwarded, before);
  });
});

/** Until the session ends. */
async function pinging({ initiator }: Session): Promise<never> {
  for (;;) await initiator.ping(Uint8Array.of(1));
}
