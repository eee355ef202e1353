/**
 * npm run fuzz:planted [-- --count N] [--seed K] [--bug words of its name] [--json]: for each planted bug, how many PDUs and
 * frames find it. Fails if one is not found in N.
 */
import { parseArgs } from 'node:util';
import { Run } from '../run.ts';
import { plantedBugs } from './bugs.ts';
import { nodeArgumentsFor, type PlantedBug } from './plant.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    bug: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

interface Search {
  readonly bug: string;
  /** PDUs and frames that were sent until then. */
  readonly sent: number;
  readonly batches: number;
  /** Null: not found. */
  readonly by: string | null;
}

const searches: Search[] = [];
for (const bug of plantedBugs.filter(({ name }) => name.includes(values.bug))) {
  const search = await searchFor(bug);
  searches.push(search);
  if (!values.json) console.log(line(search));
}
const missed = searches.filter(({ by }) => by === null);
if (values.json) console.log(JSON.stringify(searches, null, 2));
else console.log(`${searches.length - missed.length} of ${searches.length} planted bugs found`);
if (missed.length > 0) process.exitCode = 1;

/** Up to the first finding. */
async function searchFor(bug: PlantedBug): Promise<Search> {
  const run = new Run({
    seed: Number(values.seed),
    count: Number(values.count),
    nodeArguments: nodeArgumentsFor(bug),
    shrinkMilliseconds: 0,
    progress: () => {},
    found: () => run.stop(),
  });
  const { messages, firstSeed, lastSeed, findings } = await run.finish();
  const by = findings[0]?.text ?? null;
  return { bug: bug.name, sent: messages, batches: lastSeed - firstSeed + 1, by };
}

function line({ bug, sent, batches, by }: Search): string {
  const how = `${sent} PDUs and frames (${batches} batches)`;
  return `${bug.padEnd(68)} ${by === null ? `not found in ${how}` : `${how}: ${reasonIn(by)}`}`;
}

/** What a finding comes down to, without all that the systems have said. */
function reasonIn(text: string): string {
  const reasons = [
    /a second client: .*/,
    /overlooked: .*? in (?=\{)/,
    /a secret came back/,
    /never given back: [^\n]{0,100}/,
    /AssertionError \[ERR_ASSERTION\][^\n"\\]{0,120}/,
    /AssertionError/,
    /"error":"[^"\\]{0,120}/,
    /(ended|hangs): \w+/,
    /has grown by \d+ bytes/,
  ];
  const found = reasons.map((reason) => reason.exec(text)?.[0]).filter((one) => one !== undefined);
  return (found[0] ?? text.replaceAll('\n', ' ')).slice(0, 160);
}
