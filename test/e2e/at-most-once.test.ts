/**
 * Issue 2, point 7: commands whose link died are answered or their session is dropped, they run at most once, and
 * none is sent again on the next link. The client keeps count of what it was told.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SentCommand } from '../../client/iscsi-initiator.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { Cluster } from '../support/cluster.ts';
import { qemuIo } from '../support/disk.ts';
import { Cdb, Session } from '../support/session.ts';
import { linkOf, unitOf } from '../support/status.ts';

const LUN = 2;
const WRITES = 16;
const BLOCKS_EACH = 8;
const OLD = 0xa0;
const NEWER = 0xa1;

describe('when the link dies with writes in flight', () => {
  let cluster: Cluster;
  let session: Session;
  beforeEach(async () => {
    cluster = await Cluster.start();
    session = await Session.open(cluster, 'alpha-proxy');
    await session.unitAttentions(LUN);
  });
  afterEach(async () => {
    await session.abandon();
    await cluster.end();
  });

  function startWrites(): SentCommand[] {
    return Array.from({ length: WRITES }, (_, index) =>
      session.startWrite(LUN, index * BLOCKS_EACH, BLOCKS_EACH, OLD),
    );
  }

  /** Cuts the link, and waits for the client to lose its session: no write was answered. */
  async function cutAndDrop(writes: readonly SentCommand[]): Promise<void> {
    const outcomes = Promise.allSettled(writes.map(({ result }) => result));
    cluster.interconnect.reset();
    for (const { status } of await outcomes) assert.equal(status, 'rejected', 'nothing was acknowledged');
    await session.initiator.connection.closed;
    await cluster.until('beta has nothing left of it', (status) => linkOf(status, 'beta').exchanges === 0);
  }

  async function servedByBeta(): Promise<number> {
    return unitOf(await cluster.status(), 'vol-b').commandsServed ?? 0;
  }

  /** The client writes newer data by the direct path; then the link comes back, and nothing else may happen. */
  async function newerDataStays(): Promise<void> {
    const length = WRITES * BLOCKS_EACH * 512;
    await qemuIo(cluster.disk('beta-local', LUN), `write -P ${NEWER} 0 ${length}`);
    const served = await servedByBeta();
    cluster.interconnect.heal();
    await cluster.untilLinked();
    assert.equal(await servedByBeta(), served, 'nothing was sent again');
    assert.equal(linkOf(await cluster.status(), 'alpha').exchanges, 0);
    await qemuIo(cluster.disk('alpha-proxy', LUN), `read -P ${NEWER} 0 ${length}`);
  }

  test('those that never reached the owner never do', async () => {
    const served = await servedByBeta();
    cluster.interconnect.stall();
    const writes = startWrites();
    await cluster.until('they are on their way', (status) => linkOf(status, 'alpha').exchanges === WRITES);
    await cutAndDrop(writes);
    assert.equal(await servedByBeta(), served);
    await newerDataStays();
  });

  test('those that the owner ran, and could not say so, ran once', async () => {
    // The owner asks for a client before its first write, and could not ask now (docs/decisions/0006-freshness-of-writes.md).
    assert.equal((await session.startWrite(LUN, WRITES * BLOCKS_EACH, 1, OLD).result).status, Status.good);
    const served = await servedByBeta();
    // Beta dials: what it says comes from the relay's client.
    cluster.interconnect.stall('fromClient');
    const writes = startWrites();
    await cluster.until(
      'beta has run them',
      (status) => unitOf(status, 'vol-b').commandsServed === served + WRITES,
    );
    await cutAndDrop(writes);
    assert.equal(await servedByBeta(), served + WRITES);
    await qemuIo(cluster.disk('beta-local', LUN), `read -P ${OLD} 0 ${WRITES * BLOCKS_EACH * 512}`);
    await newerDataStays();
  });

  test('a read is answered NOT READY, or its session is dropped', async () => {
    cluster.interconnect.stall();
    const read = session.run(LUN, Cdb.read10(0, 8));
    const outcome = read.then(
      ({ status, sense }) => ({ status, key: sense?.key }),
      () => 'dropped',
    );
    await cluster.until('it is on its way', (status) => linkOf(status, 'alpha').exchanges === 1);
    cluster.interconnect.reset();
    const ended = await outcome;
    if (ended !== 'dropped') assert.deepEqual(ended, { status: Status.checkCondition, key: 2 });
  });

  test('the client that was dropped logs in again and goes on when the link is back', async () => {
    cluster.interconnect.stall();
    const writes = startWrites();
    await cluster.until('they are on their way', (status) => linkOf(status, 'alpha').exchanges === WRITES);
    await cutAndDrop(writes);
    cluster.interconnect.heal();
    await cluster.untilLinked();
    session = await Session.open(cluster, 'alpha-proxy');
    await session.unitAttentions(LUN);
    const again = await Promise.all(startWrites().map(({ result }) => result));
    for (const { status } of again) assert.equal(status, Status.good);
  });
});
