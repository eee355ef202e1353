/** Scenarios of docs/failure-model.md: a process that is stopped (SIGSTOP) for longer than a link may be silent. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type SystemName } from '../support/cluster.ts';
import { qemuIo } from '../support/disk.ts';
import { Cdb, Session } from '../support/session.ts';

const LUN = 2;
const PATIENCE = 30_000;
const NOT_READY = { key: 2, asc: 0x04, ascq: 0x0c };
const ACCESS_STATE_CHANGED = { asc: 0x2a, ascq: 0x06 };

/** Beta owns the unit, alpha proxies it; each is stopped for so long in its turn. */
export function describePauses(milliseconds: number): void {
  describe(`a process that is stopped for ${milliseconds / 1000} s`, () => {
    let cluster: Cluster;
    beforeEach(async () => {
      cluster = await Cluster.start();
    });
    afterEach(() => cluster.end());

    /** Stops a process for that long; on a busy machine for longer, until its partner has noticed. */
    function stop(
      name: SystemName,
      partner: SystemName,
    ): { noticed: Promise<unknown>; woken: Promise<unknown> } {
      const stopped = cluster.system(name);
      stopped.freeze();
      const noticed = cluster.system(partner).log.waitFor(/link down/, PATIENCE);
      const woken = Promise.all([noticed, sleep(milliseconds)]).finally(() => stopped.thaw());
      return { noticed, woken };
    }

    async function knowsOfChange(session: Session): Promise<void> {
      const attentions = await session.unitAttentions(LUN);
      const { asc, ascq } = ACCESS_STATE_CHANGED;
      assert(
        attentions.some((told) => told.asc === asc && told.ascq === ascq),
        JSON.stringify(attentions),
      );
    }

    async function bothPathsServe(byte: number): Promise<void> {
      await cluster.untilLinked();
      for (const [place, name] of ['alpha-proxy', 'beta-local'].entries()) {
        const pattern = `-P ${byte + place} 1M 1M`;
        await qemuIo(cluster.disk(name, LUN), `write ${pattern}`, 'flush');
        for (const path of ['alpha-proxy', 'beta-local'])
          await qemuIo(cluster.disk(path, LUN), `read ${pattern}`);
      }
    }

    test('the owner: what was sent has an unknown outcome, what comes is refused, and all is served when it wakes', async () => {
      const [writer, reader] = [
        await Session.open(cluster, 'alpha-proxy', 'iqn.2026-11.dev.crosspath.test:writer'),
        await Session.open(cluster, 'alpha-proxy', 'iqn.2026-11.dev.crosspath.test:reader'),
      ];
      for (const session of [writer, reader]) await session.unitAttentions(LUN);
      const { woken } = stop('beta', 'alpha');
      const { result: write } = writer.startWrite(LUN, 0, 8, 0x11);
      const read = reader.run(LUN, Cdb.read10(0, 8));
      await assert.rejects(write, 'no status may say what became of it');
      const { status, sense } = await read;
      assert.equal(status, 2);
      const { key, asc, ascq } = NOT_READY;
      assert.deepEqual([sense?.key, sense?.asc, sense?.ascq], [key, asc, ascq]);
      await woken;
      await cluster.untilLinked();
      await knowsOfChange(reader);
      await reader.data(LUN, Cdb.read10(0, 8));
      await reader.close();
      await writer.abandon();
      await bothPathsServe(0x20);
    });

    test('the system that proxies: the owner serves on without it, and it forwards again when it wakes', async () => {
      const [proxied, direct] = [
        await Session.open(cluster, 'alpha-proxy', 'iqn.2026-11.dev.crosspath.test:proxied'),
        await Session.open(cluster, 'beta-local', 'iqn.2026-11.dev.crosspath.test:direct'),
      ];
      for (const session of [proxied, direct]) await session.unitAttentions(LUN);
      const { noticed, woken } = stop('alpha', 'beta');
      // It has not read it when it finds its link ended: the command is refused, or runs by the next link.
      const late = proxied.startWrite(LUN, 0, 8, 0x12).result;
      await noticed;
      await knowsOfChange(direct);
      await direct.initiator.command(LUN, Cdb.write10(0, 8).bytes, {
        dataOut: new Uint8Array(4096).fill(0x13),
      });
      assert((await direct.data(LUN, Cdb.read10(0, 8))).every((byte) => byte === 0x13));
      await woken;
      const ended = await late.then(
        ({ status }) => status,
        () => null,
      );
      await cluster.untilLinked();
      await direct.unitAttentions(LUN);
      const held = await direct.data(LUN, Cdb.read10(0, 8));
      const expected = ended === 0 ? 0x12 : 0x13;
      assert(
        held.every((byte) => byte === expected),
        `the late write ended with ${ended}, and the block has ${held[0]}`,
      );
      await direct.close();
      await proxied.abandon();
      await bothPathsServe(0x30);
    });
  });
}
