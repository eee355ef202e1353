import type { RunOptions } from '../../src/daemon/main.ts';
import type { LogLevel } from '../../src/daemon/pino-log.ts';
import { UserError } from '../../src/daemon/user-error.ts';
import { readConfig } from '../read-config.ts';
import { ClusterProcesses } from './cluster-processes.ts';

/** Runs one system in this process. */
export async function startOne(
  file: string,
  system: string,
  options: Omit<RunOptions, 'readConfig'>,
): Promise<number> {
  const config = readConfig(file);
  if (!config.systems.some(({ name }) => name === system)) {
    const names = config.systems.map(({ name }) => name).join(', ');
    throw new UserError(`${file} has no system "${system}"; it has ${names}`);
  }
  // Only this command needs the whole system: the others start faster without it.
  const { runSystem } = await import('../../src/daemon/main.ts');
  return runSystem(config, system, { ...options, readConfig: () => readConfig(file) });
}

/** Runs every system of the file, a process each, until all have ended. */
export async function startCluster(entry: string, file: string, logLevel: LogLevel): Promise<number> {
  const systems = readConfig(file).systems.map(({ name }) => name);
  const cluster = new ClusterProcesses({
    entry,
    file,
    systems,
    logLevel,
    line: (line) => process.stdout.write(`${line}\n`),
    errorLine: (line) => process.stderr.write(`${line}\n`),
  });
  process.on('SIGTERM', () => cluster.stop());
  process.on('SIGINT', () => cluster.stop());
  if (await cluster.ready) for (const _ of systems) process.stdout.write('ready\n');
  else if (!cluster.isStopping) cluster.stop();
  return (await cluster.ended) ? 0 : 1;
}
