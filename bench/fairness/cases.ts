import type { LoadResult } from '../load/load-plan.ts';
import { rateOf, type Sample } from '../load/sample.ts';
import { type Way, wayNames } from '../peers/beta-units.ts';
import { median, range, ratios } from '../statistics.ts';
import { type Neighbour, neighbours } from './neighbours.ts';

export interface Beside {
  readonly neighbour: Neighbour;
  /** Its way: the reader's own, so that they share the port, or the other one. */
  readonly way: Way;
}

export interface Case {
  /** The reader's. */
  readonly way: Way;
  /** Null: it is alone. */
  readonly beside: Beside | null;
}

/** Alone first, then with each neighbour at the same port and at the other one. */
export const cases: readonly Case[] = wayNames.flatMap((way) => [
  { way, beside: null },
  ...neighbours.flatMap((neighbour) => {
    const others = wayNames.filter((each) => each !== way);
    return [way, ...others].map((neighboursWay) => ({ way, beside: { neighbour, way: neighboursWay } }));
  }),
]);

export interface CaseResult {
  readonly case: Case;
  /** One a round. */
  readonly reader: readonly Sample[];
  readonly neighbour: readonly LoadResult[];
}

/** `p99 : alone`: round by round, to the reader of the same way that is alone. */
export function fairnessTable(results: readonly CaseResult[]): string[][] {
  return [
    ['reader', 'beside', 'at', 'p50 ms', 'p99 ms', 'max ms', 'p99 : alone', 'reads/s', "neighbour's/s"],
    ...results.map((result) => {
      const { case: of, reader, neighbour } = result;
      const alone = results.find((each) => each.case.way === of.way && each.case.beside === null) ?? result;
      const p99 = ({ latency }: LoadResult) => latency.p99;
      const middle = (value: (sample: LoadResult) => number) => median(reader.map(value));
      return [
        of.way,
        of.beside?.neighbour.title ?? 'nobody',
        of.beside === null
          ? ''
          : of.beside.way === of.way
            ? 'the same port'
            : `the other port (${of.beside.way})`,
        middle(({ latency }) => latency.p50).toFixed(2),
        middle(p99).toFixed(2),
        Math.max(...reader.map(({ latency }) => latency.max)).toFixed(1),
        of.beside === null ? '' : range(ratios(reader.map(p99), alone.reader.map(p99))),
        middle(rateOf).toFixed(0),
        neighbour.length === 0 ? '' : median(neighbour.map(rateOf)).toFixed(0),
      ];
    }),
  ];
}
