/**
 * npm run sim:planted [-- --seeds N] [--bug words of its name] [--json]: for each planted bug, the first seed that finds
 * it. Fails if one is not found in N seeds.
 */
import { parseArgs } from 'node:util';
import { runSeed } from '../run-seed.ts';
import { plantedBugs } from './bugs.ts';
import type { PlantedBug } from './plant.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    bug: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

interface Search {
  readonly bug: string;
  readonly tried: number;
  /** Null: not found. */
  readonly seed: number | null;
  readonly by: string | null;
}

const limit = Number(values.seeds);
const searches: Search[] = [];

for (const bug of plantedBugs.filter(({ name }) => name.includes(values.bug))) {
  const search = await searchFor(bug);
  searches.push(search);
  if (!values.json) console.log(line(search));
}
const missed = searches.filter(({ seed }) => seed === null);
if (values.json) console.log(JSON.stringify(searches, null, 2));
else console.log(`${searches.length - missed.length} of ${searches.length} planted bugs found`);
if (missed.length > 0) process.exitCode = 1;

async function searchFor(bug: PlantedBug): Promise<Search> {
  for (let seed = 1; seed <= limit; seed += 1) {
    const remove = bug.plant();
    const { failure } = await runSeed(seed);
    remove();
    const by = failure?.text;
    if (by !== undefined) return { bug: bug.name, tried: seed, seed, by: by.split('\n', 1)[0] ?? by };
  }
  return { bug: bug.name, tried: limit, seed: null, by: null };
}

function line({ bug, tried, seed, by }: Search): string {
  const found = seed === null ? `not found in ${tried} seeds` : `seed ${seed}: ${by?.slice(0, 150)}`;
  return `${bug.padEnd(64)} ${found}`;
}
