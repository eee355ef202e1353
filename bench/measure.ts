/** The rounds: every path in turn, workload by workload, so that a slow minute of the machine is slow for all. */
import { initiatorFor, type Run } from './initiators/initiator.ts';
import type { Path } from './peers/peer.ts';
import { cpuSeconds, machineCpuSeconds, ownCpuSeconds, peakMemoryMiB } from './proc.ts';
import type { Processes } from './processes.ts';
import type { Sample, Samples } from './results.ts';
import type { Workload } from './workloads.ts';
import { settle, warm } from './workspace.ts';

const WARM_UP_SECONDS = 1;
/** Bytes a second that nothing is slower than for long; the first run finds the real rate. */
const FIRST_GUESS_RATE = 4000;
const FIRST_GUESS_BYTES = 256 << 20;

export interface Plan {
  readonly workloads: readonly Workload[];
  readonly rounds: number;
  readonly seconds: number;
  readonly report: (line: string) => void;
}

export class Measurement {
  readonly #processes: Processes;
  readonly #paths: readonly Path[];
  readonly #plan: Plan;
  /** Commands a second of the last run, by workload and path. */
  readonly #rates = new Map<string, number>();
  readonly #samples: Record<string, Record<string, Sample[]>> = {};

  constructor(processes: Processes, paths: readonly Path[], plan: Plan) {
    this.#processes = processes;
    this.#paths = paths;
    this.#plan = plan;
  }

  async run(): Promise<Samples> {
    const { workloads, rounds, report } = this.#plan;
    for (const workload of workloads) await this.#warmUp(workload);
    for (let round = 0; round < rounds; round++) {
      report(`round ${round + 1} of ${rounds}`);
      for (const workload of workloads) {
        for (const path of inTurn(this.#paths, round)) await this.#sample(workload, path);
      }
    }
    return this.#samples;
  }

  /** MiB, by server. */
  peakMemory(): Record<string, number> {
    const servers = this.#paths.flatMap((path) => path.servers);
    return Object.fromEntries(servers.map(({ name, pid }) => [name, round(peakMemoryMiB(pid), 1)]));
  }

  async #warmUp(workload: Workload): Promise<void> {
    this.#plan.report(`warm-up: ${workload.title}`);
    for (const path of this.#paths) {
      // The second run is for the tools that are told a number of commands: the first one's was a guess.
      for (let i = 0; i < (workload.writes ? 2 : 1); i++) await this.#go(workload, path, WARM_UP_SECONDS);
    }
  }

  async #sample(workload: Workload, path: Path): Promise<void> {
    const before = usage(path);
    const run = await this.#go(workload, path, this.#plan.seconds);
    const after = usage(path);
    const used = path.servers.map((_, i) => (after.servers[i] ?? 0) - (before.servers[i] ?? 0));
    const ours = used.reduce((a, b) => a + b, after.bench - before.bench);
    const others = (after.machine - before.machine - ours) / (after.time - before.time);
    const for100k = (seconds: number) => round((seconds * 100_000) / run.commands, 3);
    const sample: Sample = {
      commandsPerSecond: Math.round(run.commands / run.seconds),
      cpuSeconds: Object.fromEntries(path.servers.map(({ name }, i) => [name, for100k(used[i] ?? 0)])),
      clientCpuSeconds: for100k(run.cpuSeconds),
      cpusOfOthers: round(Math.max(0, others), 2),
    };
    this.#keep(workload.name, path.name, sample);
    this.#plan.report(`  ${workload.name} ${path.name}: ${sample.commandsPerSecond} commands a second`);
  }

  #keep(workload: string, path: string, sample: Sample): void {
    const ofWorkload = this.#samples[workload] ?? {};
    this.#samples[workload] = ofWorkload;
    ofWorkload[path] = [...(ofWorkload[path] ?? []), sample];
  }

  async #go(workload: Workload, path: Path, seconds: number): Promise<Run> {
    const key = `${workload.name} ${path.name}`;
    const guess = Math.min(FIRST_GUESS_RATE, FIRST_GUESS_BYTES / workload.bytesPerCommand);
    const rate = this.#rates.get(key) ?? guess;
    await warm(path.file);
    const run = await initiatorFor(workload)(this.#processes, path.url, workload, seconds, rate);
    this.#rates.set(key, run.commands / run.seconds);
    if (workload.writes) await settle(path.file);
    return run;
  }
}

/** CPU seconds so far, and the time, in seconds. */
function usage(path: Path) {
  return {
    servers: path.servers.map((server) => cpuSeconds(server.pid)),
    bench: ownCpuSeconds(),
    machine: machineCpuSeconds(),
    time: performance.now() / 1000,
  };
}

/** A B C, then B C A, then C A B: nobody always follows the same one. */
function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = round % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
