/** Rows of the same work, spread over more and more, or of more and more work: how the rate holds. */
import { IscsiLimits } from '../../src/limits.ts';
import { rateOf, type Sample } from '../load/sample.ts';
import { median, range, ratios } from '../statistics.ts';

/** Outstanding in each row of the same work: as many commands as our target's window lets one session have. */
export const TOTAL_DEPTH = IscsiLimits.commandWindow;

/** Of the best row's rate, that the last row is to have. */
export const LEAST_SHARE = 0.8;

export interface Row {
  /** Direct, proxied, or another target that is there to compare with. */
  readonly way: string;
  readonly isOurs: boolean;
  /** Sessions, or units. */
  readonly count: number;
  /** One a round; none, once a command or the way to the unit has failed. */
  readonly samples: readonly Sample[];
}

/** The rate of each row to the best one's of its way, round by round. The goal is for the last row of each of our ways. */
export function rowTable(what: string, rows: readonly Row[]): string[][] {
  const lines = [
    [
      what,
      'way',
      'commands/s',
      'to the best row',
      'goal',
      '',
      'p99 ms',
      'CPU µs each',
      'client',
      'refused',
      'resident MiB (at the most)',
    ],
  ];
  for (const row of rows) {
    const ofWay = rows.filter(({ way }) => way === row.way);
    const judge = (holds: boolean) =>
      row.isOurs && row === ofWay.at(-1)
        ? [`≥ ${LEAST_SHARE.toFixed(2)}`, holds ? 'PASS' : 'MISSED']
        : ['', ''];
    if (row.samples.length === 0) {
      lines.push([`${row.count}`, row.way, 'failed', '', ...judge(false)]);
      continue;
    }
    const measured = ofWay.filter(({ samples }) => samples.length > 0);
    const best = measured.toSorted((a, b) => medianRate(b) - medianRate(a))[0] ?? row;
    const share = ratios(row.samples.map(rateOf), best.samples.map(rateOf));
    const middle = (value: (sample: Sample) => number) => median(row.samples.map(value));
    lines.push([
      `${row.count}`,
      row.way,
      medianRate(row).toFixed(0),
      range(share),
      ...judge(share.median >= LEAST_SHARE),
      middle(({ latency }) => latency.p99).toFixed(2),
      (1e6 * middle((sample) => sample.serverCpuSeconds)).toFixed(1),
      middle(({ cpuSeconds, seconds }) => cpuSeconds / seconds).toFixed(2),
      middle(({ refused }) => refused).toFixed(0),
      memoryOf(row),
    ]);
  }
  return lines;
}

/** Of the first round, in which no row has come before that is further down: "alpha 90 (95), beta 101 (130)". */
function memoryOf({ samples: [first] }: Row): string {
  const cells = Object.entries(first?.residentBytes ?? {}).map(([name, bytes]) => {
    const peak = first?.peakMiB[name] ?? Number.NaN;
    return `${name.split(' ').at(-1)} ${(bytes / 2 ** 20).toFixed(0)} (${peak.toFixed(0)})`;
  });
  return cells.join(', ');
}

function medianRate({ samples }: Row): number {
  return median(samples.map(rateOf));
}
