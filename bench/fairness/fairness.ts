/** What a quiet client feels of a busy one: the latency of a reader of depth 1, alone and beside others. */
import type { Bench, Report, SubCommand } from '../bench.ts';
import { type LoadResult, loadPlan } from '../load/load-plan.ts';
import { RunningLoad } from '../load/run-load.ts';
import { type Sample, sample } from '../load/sample.ts';
import { othersLine } from '../others-line.ts';
import { type BetaUnits, startBetaUnits, ways } from '../peers/beta-units.ts';
import { formatTable } from '../table.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { settle, warm } from '../workspace.ts';
import { type Case, type CaseResult, cases, fairnessTable } from './cases.ts';

export const fairness: SubCommand = {
  summary: 'latency of a quiet reader, alone and beside busy clients',
  help: `Median, 99th percentile and maximum latency of 4 KiB random reads at depth 1, at the owner's own port and through a proxy port: alone;
beside 4 KiB reads at depth 128 by another session, of the same unit and of another; beside 256 KiB writes at depth 32 of another unit.
The neighbour is at the same port, and at the other one: through the interconnect where the reader is direct, and the other way
round. Each client is a process of its own. "max" is that of all rounds.`,
  words: [],
  rounds: 3,
  seconds: 3,
  run: measureFairness,
};

interface Measured extends CaseResult {
  readonly reader: Sample[];
  readonly neighbour: LoadResult[];
}

async function measureFairness(bench: Bench): Promise<Report> {
  const { workspace, rounds, progress } = bench;
  progress('starting a cluster with two units');
  const files = [await workspace.unitFile('fairness-1.img'), await workspace.unitFile('fairness-2.img')];
  const beta = await startBetaUnits(bench, { name: 'fairness', files, unitBytes: UNIT_BYTES });
  const results = cases.map((each): Measured => ({ case: each, reader: [], neighbour: [] }));
  for (let round = 0; round < rounds; round += 1) {
    progress(`round ${round + 1} of ${rounds}`);
    for (const { case: of, reader, neighbour } of results) {
      for (const file of files) await warm(file);
      const [ofReader, ofNeighbour] = await measure(bench, beta, of);
      reader.push(ofReader);
      if (ofNeighbour !== null) neighbour.push(ofNeighbour);
      for (const file of files) await settle(file);
    }
  }
  await beta.cluster.stop();
  // A neighbour would count as one of the others.
  const alone = results.filter((each) => each.case.beside === null).flatMap(({ reader }) => reader);
  const others = othersLine(alone.map(({ cpusOfOthers }) => cpusOfOthers));
  return { text: `${others}\n\n${formatTable(fairnessTable(results))}`, data: results };
}

/** What the reader saw, and what its neighbour did, from before its first command to after its last. */
async function measure(
  { processes, seconds }: Bench,
  { paths, cluster, units }: BetaUnits,
  { way, beside }: Case,
): Promise<[Sample, LoadResult | null]> {
  const read = () =>
    // Both systems, whichever way: what the neighbour has them do is no work of others.
    sample(processes, paths.proxied.servers, loadPlan(paths[way].url, { depth: 1, seconds }));
  if (beside === null) return [await read(), null];
  const unit = beside.neighbour.unit === 'same' ? units[0] : units[1];
  if (unit === undefined) throw new Error('no unit for the neighbour');
  const { url } = cluster.path('neighbour', ways[beside.way], unit);
  const plan = loadPlan(url, { ...beside.neighbour.load, process: 1, seconds: null });
  const neighbour = await RunningLoad.start(processes, plan);
  await neighbour.counting();
  const ofReader = await read();
  await neighbour.stop();
  return [ofReader, await neighbour.result()];
}
