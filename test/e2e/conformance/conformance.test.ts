import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../../support/cluster.ts';
import { runSuites } from './iscsi-test-cu.ts';
import { readRecorded } from './recorded.ts';
import { conformanceShape, portsUnderTest, victimOf } from './victims.ts';

/** The others are for npm run conformance: each takes as long again. */
const kinds = ['local', 'proxy'];

describe('libiscsi’s whole test suite', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start(conformanceShape);
  });
  after(() => cluster.end());

  for (const port of portsUnderTest.filter(({ kind }) => kinds.includes(kind))) {
    test(`ends through a ${port.kind} port, and no test fails or is skipped that did not before`, async () => {
      const recorded = (await readRecorded())[port.kind];
      assert(recorded, 'npm run conformance has recorded this kind of port');
      const outcomes = await runSuites(victimOf(cluster, port));
      const failed = outcomes.filter(({ verdict }) => verdict === 'failed');
      const skipped = outcomes.filter(({ verdict }) => verdict === 'skipped');
      assert.deepEqual(
        failed.filter(({ name }) => !recorded.failed.includes(name)),
        [],
      );
      assert(skipped.length <= recorded.skipped, `${skipped.length} skipped, recorded ${recorded.skipped}`);
      assert((await cluster.status()).systems.every(({ reachable }) => reachable));
    });
  }
});
