import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../../support/cluster.ts';
import { runSuites } from './iscsi-test-cu.ts';
import { complaints } from './report.ts';
import { conformanceShape, portsUnderTest, victimOf } from './victims.ts';

describe('libiscsi’s whole test suite', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start(conformanceShape);
  });
  after(() => cluster.end());

  for (const port of portsUnderTest) {
    test(`ends through a ${port.kind} port, and nothing fails or is skipped that is not listed with its reason`, async () => {
      const outcomes = await runSuites(victimOf(cluster, port));
      assert.deepEqual(complaints({ kind: port.kind, outcomes }), []);
      assert((await cluster.status()).systems.every(({ reachable }) => reachable));
    });
  }
});
