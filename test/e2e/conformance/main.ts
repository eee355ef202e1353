/** npm run conformance: writes docs/conformance.md and recorded.json. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Cluster } from '../../support/cluster.ts';
import { REPOSITORY } from '../../support/repository.ts';
import { listTests, type Outcome, runOne, type Victim } from './iscsi-test-cu.ts';
import { writeRecorded } from './recorded.ts';
import { isBad, markdown, type PortReport, recordOf } from './report.ts';
import { conformanceShape, portsUnderTest, victimOf } from './victims.ts';

const tests = await listTests();
const cluster = await Cluster.start(conformanceShape);
try {
  const reports: PortReport[] = [];
  for (const port of portsUnderTest) {
    console.log(`${tests.length} tests through ${port.port} ...`);
    reports.push({ kind: port.kind, outcomes: await runEach(victimOf(cluster, port)) });
  }
  await writeFile(path.join(REPOSITORY, 'docs', 'conformance.md'), markdown(reports));
  await writeRecorded(recordOf(reports));
  console.log('wrote docs/conformance.md');
} finally {
  await cluster.end();
}

async function runEach(victim: Victim): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const test of tests) {
    const outcome = await runOne(victim, test);
    if (isBad(outcome)) console.log(`  ${test} ${outcome.verdict}: ${outcome.reason}`);
    outcomes.push(outcome);
  }
  return outcomes;
}
