/** What a run measured, and the files that keep it. Medians and ratios are worked out from it when it is shown. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Machine } from './machine.ts';

export const RESULT_FORMAT = 1;

export interface Sample {
  readonly commandsPerSecond: number;
  /** CPU seconds for 100,000 commands, by server: in the order in which a command comes to them. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** The same of the initiator. Results kept before December 2026 do not have it. */
  readonly clientCpuSeconds?: number;
  /** CPUs that others (not the path's servers, nor the initiator) kept busy meanwhile. */
  readonly cpusOfOthers: number;
}

/** By workload, then by path: one sample a round, in order of the rounds. */
export type Samples = Readonly<Record<string, Readonly<Record<string, readonly Sample[]>>>>;

export interface Result {
  readonly format: typeof RESULT_FORMAT;
  /** ISO 8601, to the minute. */
  readonly date: string;
  /** Of the source, with a plus sign where there were changes on top; null where git does not say. */
  readonly revision: string | null;
  readonly machine: Machine;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly samples: Samples;
  /** MiB resident at the most, by server. */
  readonly peakMemory: Readonly<Record<string, number>>;
}

const FOLDER = path.resolve(import.meta.dirname, '..', '..', 'bench', 'results');

/** Gives the name of the new file in bench/results. */
export async function keepResult(result: Result): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const name = `${result.date.replaceAll(':', '').replace('Z', '')}.json`;
  await writeFile(path.join(FOLDER, name), `${JSON.stringify(result, null, 1)}\n`);
  return `bench/results/${name}`;
}

/** Rejects, with a sentence for the user, where the file is not a kept result. */
export async function readResult(file: string): Promise<Result> {
  const text = await readFile(file, 'utf8');
  const problem = (why: string) => new Error(`${file} is not a result of this benchmark: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw problem(error instanceof Error ? error.message : 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || !('format' in value)) throw problem('it has no format');
  if (value.format !== RESULT_FORMAT) throw problem(`its format is ${value.format}, not ${RESULT_FORMAT}`);
  return value as Result;
}
