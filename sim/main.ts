/** npm run sim: see docs/simulator.md. */
import { parseArgs } from 'node:util';
import { runSeed, type SeedResult } from './run-seed.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    ghosts: { type: 'boolean', default: false },
    'check-determinism': { type: 'boolean', default: false },
  },
});

const first = Number(values.seed ?? 1);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const started = performance.now();
const failures: SeedResult[] = [];
let ghosts = 0;
let operations = 0;

for (let seed = first; seed < first + count; seed += 1) {
  const options = {
    ghosts: values.ghosts,
    ...(values.trace ? { print: (line: string) => console.log(line) } : {}),
  };
  const result = await runSeed(seed, options);
  operations += result.operations;
  if (result.failure !== null) {
    failures.push(result);
    console.log(`seed ${seed}: ${result.failure.text}`);
  }
  if (result.ghost !== null) {
    ghosts += 1;
    console.log(`seed ${seed}: ghost write: ${result.ghost}`);
  }
  if (values['check-determinism']) await checkAgain(result);
  if (count === 1) console.log(summary(result));
}

const seconds = (performance.now() - started) / 1000;
const found = values.ghosts ? `, ghost writes in ${ghosts}` : '';
console.log(
  `${count} seeds, ${operations} operations in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(2)} a second): ${failures.length} failed${found}`,
);
if (failures.length > 0) process.exitCode = 1;

function summary({ seed, hash, events, operations: done, retries }: SeedResult): string {
  return `seed ${seed}: hash ${hash}, ${events} events, ${done} operations, ${retries} sent again`;
}

async function checkAgain(result: SeedResult): Promise<void> {
  const again = await runSeed(result.seed);
  if (again.hash === result.hash) return;
  console.log(`seed ${result.seed}: two runs differ: ${result.hash}, ${again.hash}`);
  process.exitCode = 1;
}
