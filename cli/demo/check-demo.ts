import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterConfig } from '../../src/daemon/config/cluster-config.ts';
import { readConfig } from '../read-config.ts';
import { ClusterProcesses } from '../start/cluster-processes.ts';
import { demoConfig } from './demo-config.ts';
import { freeDemoPorts } from './free-ports.ts';
import { proveForwarding } from './prove-forwarding.ts';
import { systemEntry } from './system-entry.ts';

/** A command that hangs is a failure too. */
const PATIENCE_MILLISECONDS = 60_000;

/**
 * Starts a demo cluster on free ports and in a folder of its own, and proves that a command takes the way through a
 * proxy port that it should. Gives the exit code.
 */
export async function checkDemo(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'crosspath-check-'));
  try {
    const file = join(folder, 'check.toml');
    writeFileSync(file, demoConfig(await freeDemoPorts()));
    const holds = await withCluster(file, proveForwarding);
    say(holds ? 'check: passed' : 'check: FAILED');
    return holds ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Prove = (config: ClusterConfig, say: (line: string) => void) => Promise<boolean>;

/** False too where the cluster does not start, or a system does not stop cleanly. */
async function withCluster(file: string, prove: Prove): Promise<boolean> {
  const config = readConfig(file);
  const cluster = new ClusterProcesses({
    entry: systemEntry,
    file,
    systems: config.systems.map(({ name }) => name),
    logLevel: 'error',
    line: say,
    errorLine: (line) => process.stderr.write(`${line}\n`),
  });
  process.on('SIGTERM', () => cluster.stop());
  process.on('SIGINT', () => cluster.stop());
  const holds = (await cluster.ready) && (await inTime(prove(config, say)).catch(reportFailure));
  cluster.stop();
  return (await cluster.ended) && holds;
}

function inTime(proof: Promise<boolean>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('no end in sight')), PATIENCE_MILLISECONDS).unref();
    proof.then(resolve, reject);
  });
}

function reportFailure(error: unknown): false {
  process.stderr.write(`check: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  return false;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
