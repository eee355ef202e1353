/** What a command allocates, in a process of its own in which nothing else happens (process.ts). */
import path from 'node:path';
import type { Bench, Report } from '../../bench.ts';
import type { Processes } from '../../processes.ts';
import { formatTable } from '../../table.ts';
import type { Site } from './heap-profile.ts';

const ENTRY = path.join(import.meta.dirname, 'process.js');
const FLAGS = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'];
/**
 * Inlined, a function's objects would be put down to the one that it was inlined into, or to its neighbours there. And where the compiler
 * has a thread of its own, it is chance when code that still allocates gives way to code that does not: with one thread, the count of a
 * program is the same each time.
 */
const TELL_SITES_APART = ['--no-turbo-inlining', '--no-concurrent-recompilation'];
const SECONDS = 120;
/** Until the optimizing compiler has done with all of it. */
const WARM_UP_COMMANDS = 200_000;
/** The store is there for the benchmark: what it allocates is no part of the data path. */
const OF_THE_STORE = / src\/stores\//;
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
  /** By the sampling profiler, without the benchmark's own, and without inlining. */
  readonly sites: readonly Site[];
}

export async function measureAllocations({ processes, progress }: Bench): Promise<Report> {
  progress('counting allocations');
  const grown = await count(processes, WARM_UP_COMMANDS);
  progress('looking for who allocates');
  const sited = await countBySite(processes, WARM_UP_COMMANDS);
  const results = grown.map((result, i) => ({ ...result, sites: sited[i]?.sites ?? [] }));
  const tables = [allocationTable(results), ...results.map(siteTable)];
  return { text: tables.map(formatTable).join('\n\n'), data: results };
}

async function count(processes: Processes, warmUp: number, ...more: string[]): Promise<Allocations[]> {
  const args = [...FLAGS, ...more, ENTRY, `${warmUp}`];
  return JSON.parse(await processes.run(process.execPath, args, SECONDS));
}

/** Its heap grows by more than without telling sites apart. `warmUp`: commands of each case before those that count. */
export function countBySite(processes: Processes, warmUp: number): Promise<Allocations[]> {
  return count(processes, warmUp, ...TELL_SITES_APART);
}

/** Of 1,000 commands. */
export function allocationTable(results: readonly Allocations[]): string[][] {
  const heads = ['1,000 commands', 'heap grows by, KiB', 'buffers by, KiB'];
  return [
    [...heads, 'by the program, KiB', 'objects', 'by its store, KiB', 'objects'],
    ...results.map(({ title, heapBytes, externalBytes, sites }) => [
      title,
      kibibytes(heapBytes),
      kibibytes(externalBytes),
      ...sums(sites.filter((site) => !isOfStore(site))),
      ...sums(sites.filter(isOfStore)),
    ]),
  ];
}

export function isOfStore({ name }: Site): boolean {
  return OF_THE_STORE.test(name);
}

function sums(sites: readonly Site[]): string[] {
  return [
    kibibytes(sites.reduce((sum, { bytes }) => sum + bytes, 0)),
    (1000 * sites.reduce((sum, { objects }) => sum + objects, 0)).toFixed(0),
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
