/** Scenarios of docs/failure-model.md that take processes; others are in failures.test.ts and alua.test.ts. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TaskFunction } from '../../src/wire/iscsi/task-management-request.ts';
import { Cluster } from '../support/cluster.ts';
import { qemuIo } from '../support/disk.ts';
import { Cdb, Session } from '../support/session.ts';
import { linkOf } from '../support/status.ts';

const LUN = 2;

describe('a partner that is paused for less than the link’s bound', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  test('costs a delay: no session, no link, no unit attention', async () => {
    const session = await Session.open(cluster, 'alpha-proxy');
    await session.unitAttentions(LUN);
    const before = linkOf(await cluster.status(), 'alpha');
    const beta = cluster.system('beta');
    beta.freeze();
    const answer = session.run(LUN, Cdb.read10(0, 1));
    // The time of the pause is the scenario itself; half of the link's bound, for a busy machine.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    beta.thaw();
    assert.equal((await answer).status, 0);
    const { state, generation } = linkOf(await cluster.status(), 'alpha');
    assert.deepEqual([state, generation], ['up', before.generation], 'the same link');
    assert.deepEqual(await session.unitAttentions(LUN), []);
    await session.close();
    await qemuIo(cluster.disk('beta-local', LUN), 'write -P 0x71 0 64k', 'read -P 0x71 0 64k');
  });
});

describe('a storm of resets, by every path and with writes in between', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  test('every reset is answered, nothing is left behind, and the unit serves', async () => {
    const paths = ['alpha-proxy', 'alpha-all', 'beta-local', 'beta-all'];
    const sessions = await Promise.all(
      paths.map((port, at) => Session.open(cluster, port, `iqn.2026-11.dev.crosspath.test:storm${at}`)),
    );
    const storms = sessions.map(async ({ initiator }, at) => {
      const answers: number[] = [];
      for (let times = 0; times < 50; times += 1) {
        // Others' resets end it without an answer (SAM-5, TAS 0): nobody waits for it.
        const { result } = initiator.start(LUN, Cdb.write10(at * 8, 8).bytes, {
          dataOut: new Uint8Array(4096),
        });
        result.catch(() => {});
        answers.push(await initiator.manage(TaskFunction.logicalUnitReset, LUN));
      }
      return answers;
    });
    for (const answers of await Promise.all(storms)) assert(answers.every((answer) => answer === 0));
    for (const session of sessions) {
      await session.unitAttentions(LUN);
      await session.data(LUN, Cdb.read10(0, 32));
      await session.close();
    }
    await cluster.until('nothing is left', ({ sessions: left, links }) => {
      return (
        left.length === 0 && links.every(({ exchanges, bufferedBytes }) => exchanges + bufferedBytes === 0)
      );
    });
  });
});
