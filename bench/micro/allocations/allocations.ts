/** What a command allocates, in a process of its own in which nothing else happens (process.ts). */
import path from 'node:path';
import type { Bench, Report } from '../../bench.ts';
import { formatTable } from '../../table.ts';
import type { Site } from './heap-profile.ts';

const ENTRY = path.join(import.meta.dirname, 'process.js');
const FLAGS = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];
const SECONDS = 120;
/** Lines of each table of sites. */
const SHOWN_SITES = 20;

/** The profiler keeps a stack for each object of these. */
export const PROFILED_COMMANDS = 2_048;

/** In the steady state, for one command. */
export interface Allocations {
  readonly title: string;
  /** By which the heap grows without a collection: the benchmark's own share, some objects a turn, included. */
  readonly heapBytes: number;
  /** Of buffers, outside of the heap. */
  readonly externalBytes: number;
  /** By the sampling profiler, without the benchmark's own. It counts what is allocated in one piece as one object. */
  readonly sites: readonly Site[];
}

export async function measureAllocations({ processes, progress }: Bench): Promise<Report> {
  progress('counting allocations');
  const output = await processes.run(process.execPath, [...FLAGS, ENTRY], SECONDS);
  const results: Allocations[] = JSON.parse(output);
  const tables = [allocationTable(results), ...results.map(siteTable)];
  return { text: tables.map(formatTable).join('\n\n'), data: results };
}

/** Of 1,000 commands. */
export function allocationTable(results: readonly Allocations[]): string[][] {
  return [
    ['1,000 commands', 'heap grows by, KiB', 'buffers by, KiB', 'allocated by sites, KiB', 'objects'],
    ...results.map(({ title, heapBytes, externalBytes, sites }) => [
      title,
      kibibytes(heapBytes),
      kibibytes(externalBytes),
      kibibytes(sites.reduce((sum, { bytes }) => sum + bytes, 0)),
      (1000 * sites.reduce((sum, { objects }) => sum + objects, 0)).toFixed(0),
    ]),
  ];
}

function siteTable({ title, sites }: Allocations): string[][] {
  return [
    [`${title}: bytes each`, 'objects each', 'allocated by'],
    ...sites
      .slice(0, SHOWN_SITES)
      .map(({ name, bytes, objects }) => [bytes.toFixed(1), objects.toFixed(2), name]),
  ];
}

/** Of 1,000 commands, where `bytes` are those of one. */
function kibibytes(bytes: number): string {
  return ((1000 * bytes) / 1024).toFixed(1);
}
