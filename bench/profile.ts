/** Where the systems spent their time, from the profiles that `node --cpu-prof` writes when they end. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { formatTable } from './table.ts';

const SHOWN = 25;

/** The parts of the .cpuprofile format (Chrome DevTools Protocol, Profiler.Profile) that are used here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** One table a system: the functions with the most time of their own, without what was spent idle. */
export async function summarizeProfiles(folder: string): Promise<string> {
  const tables: string[] = [];
  for (const system of (await readdir(folder)).sort()) {
    for (const file of await readdir(path.join(folder, system))) {
      if (!file.endsWith('.cpuprofile')) continue;
      const profile: CpuProfile = JSON.parse(await readFile(path.join(folder, system, file), 'utf8'));
      tables.push(`${system}\n${formatTable(summarize(profile))}`);
    }
  }
  return tables.join('\n\n');
}

export function summarize(profile: CpuProfile): string[][] {
  const names = new Map<number, string>();
  for (const { id, callFrame } of profile.nodes) {
    const place = callFrame.url === '' ? '' : ` ${shortUrl(callFrame.url)}:${callFrame.lineNumber + 1}`;
    names.set(id, `${callFrame.functionName || '(anonymous)'}${place}`);
  }
  const spent = new Map<string, number>();
  let busy = 0;
  for (const [i, id] of profile.samples.entries()) {
    const name = names.get(id) ?? '(unknown)';
    if (name === '(idle)') continue;
    const delta = profile.timeDeltas[i] ?? 0;
    busy += delta;
    spent.set(name, (spent.get(name) ?? 0) + delta);
  }
  const lines = [...spent].sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
  return [
    ['share', 'function'],
    ...lines.map(([name, time]) => [`${((100 * time) / busy).toFixed(1)} %`, name]),
  ];
}

/** Of a file of the build, or of a package: the path in there. */
export function shortUrl(url: string): string {
  return url.replace(/^.*\/dist[^/]*\//, '').replace(/^.*\/node_modules\//, '');
}
