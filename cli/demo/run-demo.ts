import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { readConfig } from '../read-config.ts';
import { ClusterProcesses } from '../start/cluster-processes.ts';
import { demoConfig, usualPorts } from './demo-config.ts';
import { guide } from './guide.ts';
import { systemEntry } from './system-entry.ts';

/** Runs the demo cluster until Ctrl-C. Its file and its data stay in var/demo. */
export async function runDemo(): Promise<number> {
  const file = demoFile();
  const config = readConfig(file);
  const cluster = new ClusterProcesses({
    entry: systemEntry,
    file,
    systems: config.systems.map(({ name }) => name),
    logLevel: 'error',
    line: (line) => process.stdout.write(`${line}\n`),
    errorLine: (line) => process.stderr.write(`${line}\n`),
  });
  process.on('SIGTERM', () => cluster.stop());
  process.on('SIGINT', () => cluster.stop());
  if (await cluster.ready) process.stdout.write(guide(config, relative(process.cwd(), file)));
  else if (!cluster.isStopping) cluster.stop();
  return (await cluster.ended) ? 0 : 1;
}

function demoFile(): string {
  const folder = join(packageRoot(), 'var', 'demo');
  const file = join(folder, 'demo.toml');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(file)) writeFileSync(file, demoConfig(usualPorts));
  return file;
}
