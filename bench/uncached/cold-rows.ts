import type { LoadPlan } from '../load/load-plan.ts';
import { rateOf, type Sample } from '../load/sample.ts';
import { median, range, ratios } from '../statistics.ts';
import type { Watched } from '../watch/watched.ts';

/** The name of our path. */
export const OURS = 'direct';
/** ms; the event loop is not to be kept by one thing for longer. */
export const BLOCKED_GOAL_MILLISECONDS = 20;

export interface ColdRow {
  readonly title: string;
  readonly load: Pick<LoadPlan, 'bytesPerCommand' | 'scattered' | 'depth'>;
  /** By path: one a round. */
  readonly samples: Record<string, Sample[]>;
  /** Of our system: one a round. */
  readonly blocked: Pick<Watched, 'longestTurn' | 'longestHeldUp'>[];
}

export function coldRow(title: string, load: ColdRow['load']): ColdRow {
  return { title, load, samples: {}, blocked: [] };
}

/** One line a path, the ratio to the best of the others behind ours. */
export function uncachedTable(rows: readonly ColdRow[]): string[][] {
  const lines = [
    [
      'uncached',
      'path',
      'commands/s',
      'MB/s',
      'p99 ms',
      'times the best other',
      'goal',
      '',
      'loop blocked, ms',
      'goal',
      '',
      'held up, ms',
    ],
  ];
  for (const { title, load, samples, blocked } of rows) {
    const best = bestOther(samples);
    for (const [path, ofPath] of Object.entries(samples)) {
      const rate = median(ofPath.map(rateOf));
      const p99 = median(ofPath.map(({ latency }) => latency.p99));
      const judged = path === OURS && best !== null ? judge(ofPath, best, blocked) : [];
      const megabytes = (rate * load.bytesPerCommand) / 1e6;
      lines.push([title, path, rate.toFixed(0), megabytes.toFixed(0), p99.toFixed(2), ...judged]);
    }
  }
  return lines;
}

function judge(ours: readonly Sample[], best: readonly Sample[], blocked: ColdRow['blocked']): string[] {
  const ratio = ratios(ours.map(rateOf), best.map(rateOf));
  const longest = Math.max(...blocked.map(({ longestTurn }) => longestTurn));
  return [
    range(ratio),
    '≥ 1.00',
    ratio.median >= 1 ? 'PASS' : 'MISSED',
    longest.toFixed(1),
    `≤ ${BLOCKED_GOAL_MILLISECONDS}`,
    longest <= BLOCKED_GOAL_MILLISECONDS ? 'PASS' : 'ABOVE',
    Math.max(...blocked.map(({ longestHeldUp }) => longestHeldUp)).toFixed(1),
  ];
}

function bestOther(samples: ColdRow['samples']): readonly Sample[] | null {
  const others = Object.entries(samples).filter(([path]) => path !== OURS);
  const medianRate = (ofPath: readonly Sample[]) => median(ofPath.map(rateOf));
  return others.map(([, ofPath]) => ofPath).toSorted((a, b) => medianRate(b) - medianRate(a))[0] ?? null;
}
