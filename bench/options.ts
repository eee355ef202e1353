import { parseArgs } from 'node:util';
import { type Workload, Workloads } from './workloads.ts';

export interface Options {
  /** In-process benchmarks instead of the comparison; those whose name holds `filter`. */
  readonly micro: { readonly filter: string } | null;
  /** The cost of alternating between two sessions instead of the comparison. */
  readonly freshness: boolean;
  /** The cost of digests instead of the comparison. */
  readonly digests: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly workloads: readonly Workload[];
  /** A kept result to compare with, or null. */
  readonly compare: string | null;
  /** Where CPU profiles of the systems go, or null for none. */
  readonly profile: string | null;
}

export const USAGE = `npm run bench -- [options]         direct path, proxied path and tgt, in one run
npm run bench -- micro [filter]    parts of the program, in this process
npm run bench -- freshness         writes by two sessions in turn, against one (docs/decisions/0006)
npm run bench -- digests           256 KiB reads with and without digests

  --rounds N        how often each is measured (default 5)
  --seconds N       how long each time (default 3)
  --only ROW        ${Workloads.map((workload) => workload.name).join(' | ')}; may be repeated
  --compare FILE    show what changed against a result kept in bench/results
  --profile FOLDER  write CPU profiles of the systems, and print where the time went; keeps no result
`;

/** Throws an Error whose message is for the user. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      compare: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const [command, filter = '', ...rest] = positionals;
  const known = command === undefined || ['micro', 'freshness', 'digests'].includes(command);
  if (!known || rest.length > 0) throw new Error(`what is "${positionals.join(' ')}"?\n${USAGE}`);
  return {
    micro: command === 'micro' ? { filter } : null,
    freshness: command === 'freshness',
    digests: command === 'digests',
    rounds: count('--rounds', values.rounds),
    seconds: count('--seconds', values.seconds),
    workloads: values.only.length === 0 ? Workloads : values.only.map(workloadNamed),
    compare: values.compare ?? null,
    profile: values.profile ?? null,
  };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new Error(`${name} takes a whole number from 1 to 1000, not "${text}"`);
  return value;
}

function workloadNamed(name: string): Workload {
  const workload = Workloads.find((each) => each.name === name);
  if (workload === undefined)
    throw new Error(`there is no row "${name}": ${Workloads.map((each) => each.name).join(', ')}`);
  return workload;
}
