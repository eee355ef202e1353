import { parseArgs } from 'node:util';
import type { SubCommand } from './bench.ts';
import { subCommands } from './sub-commands.ts';
import { type Workload, Workloads } from './workloads.ts';

export interface Options {
  /** Text to print in place of all else, or null. */
  readonly help: string | null;
  /** What to run in place of the comparison, or null. */
  readonly subCommand: SubCommand | null;
  /** The word behind a sub-command; '' where there is none. */
  readonly filter: string;
  readonly json: boolean;
  readonly rounds: number;
  readonly seconds: number;
  readonly workloads: readonly Workload[];
  /** A kept result to compare with, or null. */
  readonly compare: string | null;
  /** Where CPU profiles of the systems go, or null for none. */
  readonly profile: string | null;
}

const ROUNDS = 5;
const SECONDS = 3;

const USAGE = `npm run bench -- [options]         direct path, proxied path and tgt, in one run
${[...subCommands].map(([name, { summary }]) => `npm run bench -- ${name.padEnd(17)} ${summary}`).join('\n')}

  --rounds N        how often each is measured (default ${ROUNDS})
  --seconds N       how long each time (default ${SECONDS})
  --json            print what was measured as JSON; how far it is goes to standard error
  --help            behind a sub-command: what it measures, and its own defaults
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
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      compare: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const [name, filter = '', ...rest] = positionals;
  const subCommand = name === undefined ? null : subCommands.get(name);
  if (subCommand === undefined || rest.length > 0 || !mayFollow(subCommand, filter))
    throw new Error(`what is "${positionals.join(' ')}"?\n${helpOf(name, subCommand ?? null)}`);
  return {
    help: values.help ? helpOf(name, subCommand) : null,
    subCommand,
    filter,
    json: values.json,
    rounds: count('--rounds', values.rounds, subCommand === null ? ROUNDS : subCommand.rounds),
    seconds: count('--seconds', values.seconds, subCommand === null ? SECONDS : subCommand.seconds),
    workloads: values.only.length === 0 ? Workloads : values.only.map(workloadNamed),
    compare: values.compare ?? null,
    profile: values.profile ?? null,
  };
}

function mayFollow(subCommand: SubCommand | null, filter: string): boolean {
  return filter === '' || subCommand === null || (subCommand.words?.includes(filter) ?? true);
}

function helpOf(name: string | undefined, subCommand: SubCommand | null): string {
  if (name === undefined || subCommand === null) return USAGE;
  const { help, words, rounds, seconds } = subCommand;
  const word = words === null ? ' [filter]' : words.length === 0 ? '' : ` [${words.join(' | ')}]`;
  const options = Object.entries({ '--rounds': rounds, '--seconds': seconds }).filter(
    ([, value]) => value !== null,
  );
  const usage = options.map(([option]) => ` [${option} N]`).join('');
  const defaults = options
    .map(([option, value]) => `  ${`${option} N`.padEnd(12)} default ${value}\n`)
    .join('');
  return `npm run bench -- ${name}${word}${usage} [--json]\n\n${help}\n\n${defaults}`;
}

/** `usual`: the default; null where the option means nothing. */
function count(name: string, text: string | undefined, usual: number | null): number {
  if (text === undefined) return usual ?? 1;
  const value = Number(text);
  if (usual === null) throw new Error(`${name} means nothing here`);
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
