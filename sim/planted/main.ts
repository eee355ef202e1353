/** npm run sim:planted [-- --seeds N] [--bug words of its name]: for each planted bug, the first seed that finds it. */
import { parseArgs } from 'node:util';
import { runSeed } from '../run-seed.ts';
import { plantedBugs } from './bugs.ts';
import type { PlantedBug } from './plant.ts';

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '200' }, bug: { type: 'string', default: '' } },
});
const bugs = plantedBugs.filter(({ name }) => name.includes(values.bug));
const limit = Number(values.seeds);
let missed = 0;

for (const bug of bugs) {
  const found = await search(bug);
  if (found === null) missed += 1;
  console.log(`${bug.name}: ${found ?? `not found in ${limit} seeds`}`);
}
console.log(`${bugs.length - missed} of ${bugs.length} planted bugs found`);
if (missed > 0) process.exitCode = 1;

async function search(bug: PlantedBug): Promise<string | null> {
  for (let seed = 1; seed <= limit; seed += 1) {
    const remove = bug.plant();
    const { failure } = await runSeed(seed);
    remove();
    if (failure !== null) return `seed ${seed}: ${failure.text.split('\n', 1)[0]}`;
  }
  return null;
}
