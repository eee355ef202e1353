import { Command, Option } from 'commander';
import { type LogLevel, logLevels } from '../src/daemon/pino-log.ts';
import { check } from './check.ts';
import { makeKeys } from './keys/keys.ts';
import { packageVersion } from './package-root.ts';
import { reload } from './reload/reload.ts';
import { startCluster, startOne } from './start/start.ts';
import { status } from './status/status.ts';

interface StartFlags {
  readonly system?: string;
  readonly logLevel: LogLevel;
}

/** `entry`: the file that a system's process runs. `exit` is told how the command ended. */
export function createProgram(entry: string, exit: (code: number) => void): Command {
  const program = new Command('crosspath')
    .description('Clustered iSCSI block storage: reach every logical unit through every storage system.')
    .version(packageVersion())
    .showHelpAfterError('(crosspath --help tells more)')
    .addHelpText('after', examples('check demo.toml', 'start demo.toml', 'status demo.toml'));
  addStart(program, entry, exit);
  addStatus(program, exit);
  addReload(program, exit);
  addCheck(program, exit);
  addKeys(program, exit);
  return program;
}

function addStart(program: Command, entry: string, exit: (code: number) => void): void {
  program
    .command('start')
    .description(
      'Run every storage system of a file, a process each, until SIGTERM or Ctrl-C. Prints a line for each port, then one line `ready` for each system.',
    )
    .argument('<file>', 'configuration, TOML (docs/configuration.md)')
    .option('--system <name>', 'run this system alone, in this process')
    .addOption(
      new Option('--log-level <level>', 'what to log, as JSON on stderr').choices(logLevels).default('info'),
    )
    .addHelpText('after', examples('start demo.toml', 'start demo.toml --system alpha'))
    .action(async (file: string, flags: StartFlags) => {
      const { system, logLevel } = flags;
      if (system === undefined) exit(await startCluster(entry, file, logLevel));
      else exit(await startOne(file, system, { logLevel, version: packageVersion() }));
    });
}

function addStatus(program: Command, exit: (code: number) => void): void {
  program
    .command('status')
    .description(
      'Show systems, ports, logical units with their paths, sessions, links and counters. Exits with 2 where a system does not answer.',
    )
    .argument('<file>', 'configuration of the running cluster')
    .option('--json', 'as JSON, for programs')
    .addHelpText(
      'after',
      examples('status demo.toml', 'status demo.toml --json | jq ".units[].paths[] | {system, port, state}"'),
    )
    .action(async (file: string, flags: { readonly json?: boolean }) => {
      exit(await status(file, flags.json === true));
    });
}

function addReload(program: Command, exit: (code: number) => void): void {
  program
    .command('reload')
    .description(
      'Have every running system read its configuration file again, and grow its units that are larger there. Exits with 1 where something could not be applied, with 2 where a system does not answer.',
    )
    .argument('<file>', 'configuration of the running cluster')
    .addHelpText('after', examples('reload demo.toml'))
    .action(async (file: string) => exit(await reload(file)));
}

function addCheck(program: Command, exit: (code: number) => void): void {
  program
    .command('check')
    .description('Check a configuration: name every mistake with its line and what to write instead.')
    .argument('<file>', 'configuration to check')
    .addHelpText('after', examples('check demo.toml'))
    .action((file: string) => exit(check(file)));
}

function addKeys(program: Command, exit: (code: number) => void): void {
  program
    .command('keys')
    .description(
      'Make the keys with which the systems of a file prove to each other who they are (tls:// links): a file for each system. Overwrites nothing.',
    )
    .argument('<file>', 'configuration, with keys = "FOLDER" under [cluster]')
    .option('--rotate', 'make new keys; the newest of those before stay valid beside them')
    .addHelpText('after', examples('keys demo.toml', 'keys demo.toml --rotate'))
    .action((file: string, flags: { readonly rotate?: boolean }) =>
      exit(makeKeys(file, flags.rotate === true)),
    );
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  crosspath ${line}`).join('\n')}`;
}
