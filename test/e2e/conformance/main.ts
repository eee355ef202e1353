/** npm run conformance: writes docs/conformance.md. Ends with 1 where something is not as test/e2e/conformance/expected.ts has it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Cluster } from '../../support/cluster.ts';
import { REPOSITORY } from '../../support/repository.ts';
import { stale } from './expected.ts';
import { listTests, type Outcome, runOne, type Victim } from './iscsi-test-cu.ts';
import { complaints, markdown, type PortReport } from './report.ts';
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
  console.log('wrote docs/conformance.md');
  const wrong = [
    ...reports.flatMap(complaints),
    ...reports.flatMap(({ kind, outcomes }) =>
      stale(outcomes).map((name) => `${kind}: ${name} is listed and did not happen`),
    ),
  ];
  for (const line of wrong) console.log(line);
  if (wrong.length > 0) process.exitCode = 1;
} finally {
  await cluster.end();
}

async function runEach(victim: Victim): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const test of tests) {
    const outcome = await runOne(victim, test);
    if (outcome.verdict !== 'passed' && outcome.verdict !== 'skipped') {
      console.log(`  ${test} ${outcome.verdict}: ${outcome.reason}`);
    }
    outcomes.push(outcome);
  }
  return outcomes;
}
