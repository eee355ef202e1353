/** Scenarios of docs/failure-model.md whose bounds are too long for `npm test`: `npm run scenarios`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { IscsiInitiator } from '../../client/iscsi-initiator.ts';
import { Cluster } from '../support/cluster.ts';
import { Relay } from '../support/relay.ts';
import { Cdb, Session } from '../support/session.ts';
import { linkOf, portOf } from '../support/status.ts';
import { describePauses } from './pauses.ts';

const LUN = 2;
const BLOCK = 512;
const BLOCKS = 4096;

describePauses(10_000);
describePauses(30_000);

describe('a client whose connection is half open in the middle of a write', () => {
  let cluster: Cluster;
  let cable: Relay;
  before(async () => {
    cluster = await Cluster.start();
    cable = await Relay.to(cluster.port('alpha-proxy').portal);
  });
  after(async () => {
    await cable.close();
    await cluster.end();
  });

  test('is dropped at the bound; who waited for it is served, and nothing of it comes later', async () => {
    const direct = await Session.open(cluster, 'beta-local', 'iqn.2026-11.dev.crosspath.test:direct');
    await direct.unitAttentions(LUN);
    const { targetName } = cluster.port('alpha-proxy');
    const initiatorName = 'iqn.2026-11.dev.crosspath.test:half-open';
    const client = await IscsiInitiator.connect({
      host: '127.0.0.1',
      port: cable.port,
      initiatorName,
      targetName,
    });
    // Its unit attention.
    await client.command(LUN, Cdb.testUnitReady.bytes);
    cable.throttle(64 * 1024);
    const dataOut = new Uint8Array(BLOCKS * BLOCK).fill(0x51);
    const { result } = client.start(LUN, Cdb.write10(0, BLOCKS).bytes, { dataOut });
    const lost = assert.rejects(result);
    await cluster.until('it is at the owner', (status) => linkOf(status, 'beta').exchanges === 1);
    cable.stall();
    const waiting = await direct.startWrite(LUN, 0, 8, 0x52).result;
    assert.equal(waiting.status, 0);
    await cluster.until('nothing of it is left', (status) => {
      const links = [linkOf(status, 'alpha'), linkOf(status, 'beta')];
      return (
        portOf(status, 'alpha-proxy').sessions === 0 &&
        links.every(({ exchanges, bufferedBytes }) => exchanges + bufferedBytes === 0) &&
        status.systems.every((system) => !system.reachable || system.bufferedBytes === 0)
      );
    });
    cable.heal();
    await lost;
    const held = await direct.data(LUN, Cdb.read10(0, 8));
    assert(held.every((byte) => byte === 0x52));
    await direct.close();
  });
});
