import type { Way } from '../peers/beta-units.ts';
import type { SystemName } from '../peers/cluster-configuration.ts';
import type { CollectionKind, Watched } from '../watch/watched.ts';

export interface GcRow {
  readonly title: string;
  readonly way: Way;
  readonly system: SystemName;
  readonly commands: number;
  readonly seconds: number;
  readonly pauses: Watched['pauses'];
}

/** One line for each row, and kind of collection that there was. */
export function gcTable(rows: readonly GcRow[]): string[][] {
  const lines = [
    [
      'load',
      'way',
      'system',
      'kind',
      'pauses',
      'of 100,000 commands',
      'all, ms',
      'of the time',
      'longest, ms',
    ],
  ];
  for (const { title, way, system, commands, seconds, pauses } of rows) {
    for (const [kind, durations] of Object.entries(pauses) as [CollectionKind, readonly number[]][]) {
      if (durations.length === 0) continue;
      const total = durations.reduce((sum, each) => sum + each, 0);
      lines.push([
        title,
        way,
        system,
        kind,
        `${durations.length}`,
        ((1e5 * durations.length) / commands).toFixed(1),
        total.toFixed(0),
        `${((0.1 * total) / seconds).toFixed(1)} %`,
        Math.max(...durations).toFixed(1),
      ]);
    }
  }
  return lines;
}
