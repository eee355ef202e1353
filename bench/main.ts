/** `npm run bench`: the comparison with tgt, or one of the other benchmarks. */

import { describeMachine, sourceRevision } from './machine.ts';
import { Measurement } from './measure.ts';
import { type Options, parseOptions } from './options.ts';
import type { Transport } from './peers/cluster-configuration.ts';
import { Crosspath } from './peers/crosspath.ts';
import { HaProxy } from './peers/haproxy.ts';
import { Istgt } from './peers/istgt.ts';
import type { Path, Peer } from './peers/peer.ts';
import { Tgt } from './peers/tgt.ts';
import { Processes } from './processes.ts';
import { summarizeProfiles } from './profile.ts';
import { report, reportChange } from './report.ts';
import { keepResult, RESULT_FORMAT, type Result, readResult } from './results.ts';
import { Workspace } from './workspace.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help !== null) return console.log(options.help);
  const { subCommand, rounds, seconds, filter } = options;
  if (subCommand === null) return compare(options);
  const { text, data } = await withProcesses((processes, workspace) =>
    subCommand.run({ rounds, seconds, processes, workspace, progress }, filter),
  );
  console.log(options.json ? JSON.stringify(data, null, 1) : `\n${text}`);
}

async function compare(options: Options): Promise<void> {
  // Read first: a mistyped name should not cost a whole run.
  const before = options.compare === null ? null : await readResult(options.compare);
  const result = await withProcesses((...given) => measureAll(options, ...given));
  const texts = [report(result)];
  if (before !== null) texts.push(reportChange(before, result));
  if (options.profile !== null) texts.push(await summarizeProfiles(options.profile));
  else texts.push(`Kept in ${await keepResult(result)}`);
  console.log(options.json ? JSON.stringify(result, null, 1) : `\n${texts.join('\n\n')}`);
}

/** Standard output is for the result alone. */
function progress(line: string): void {
  console.error(line);
}

/** Whatever happens, nothing of what `run` starts or writes is left behind. */
async function withProcesses<T>(run: (processes: Processes, workspace: Workspace) => Promise<T>): Promise<T> {
  const processes = new Processes();
  const workspace = await Workspace.make();
  const stopped = cleanUpWhenStopped(processes, workspace);
  try {
    return await Promise.race([run(processes, workspace), stopped]);
  } finally {
    await processes.close();
    await workspace.remove();
  }
}

async function measureAll(options: Options, processes: Processes, workspace: Workspace): Promise<Result> {
  const cluster = (transport: Transport, direct: boolean) =>
    new Crosspath(processes, workspace, { transport, direct, profileFolder: options.profile });
  const overTcp = cluster('tcp', true);
  const peers: readonly Peer[] = [
    new Tgt(processes, workspace, false),
    new Tgt(processes, workspace, true),
    new Istgt(processes, workspace),
    overTcp,
    new HaProxy(processes, workspace, () => overTcp.ownerPath),
    cluster('tls', false),
    cluster('unix', false),
    cluster('fcip', false),
  ];
  const paths: Path[] = [];
  progress('starting tgt twice, istgt, four clusters, and haproxy');
  for (const peer of peers) paths.push(...(await peer.start()));
  const { workloads, rounds, seconds } = options;
  const measurement = new Measurement(processes, paths, { workloads, rounds, seconds, report: progress });
  const samples = await measurement.run();
  const peakMemory = measurement.peakMemory();
  for (const peer of peers) await peer.stop();
  return {
    format: RESULT_FORMAT,
    date: `${new Date().toISOString().slice(0, 16)}Z`,
    revision: sourceRevision(),
    machine: describeMachine(),
    rounds,
    secondsPerRound: seconds,
    samples,
    peakMemory,
  };
}

/** Rejects when the user stops the run; whatever happens, nothing is left behind at exit. */
function cleanUpWhenStopped(processes: Processes, workspace: Workspace): Promise<never> {
  process.on('exit', () => {
    processes.killAll();
    workspace.removeNow();
  });
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
