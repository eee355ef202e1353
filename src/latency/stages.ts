/**
 * Where the time of commands goes, in one system. What is timed is one command in `TIMED_ONE_IN` of every kind and path, from its first
 * byte to its answer, with a clock reading at every stage that it enters; the others cost a decrement. So the clock is not read more often
 * than commands are cheap, times are not those of a loop turn but true ones, and the stages of a command are always told together: they
 * add up to its total.
 */
import type { Clock } from '../env/clock.ts';
import { type Distribution, Histogram } from './histogram.ts';
import {
  Kind,
  type KindName,
  kindNames,
  kindOf,
  Path,
  type PathName,
  pathNames,
  Stage,
  type StageName,
  stageNames,
} from './stage.ts';
import { Timing } from './timing.ts';

/** A prime: initiators send in batches and patterns of powers of two, of which it would else be the same command again and again. */
export const TIMED_ONE_IN = 127;

const KINDS = kindNames.length;

/** Where commands come from. Not a number, which would have to be boxed for each of them. */
export interface Received {
  /** When the bytes that are handled now have come: ms, of the clock. */
  readonly receivedAt: number;
}

/** Of the commands of one path and kind. */
class StageTimes {
  readonly stages = stageNames.map(() => new Histogram());
  readonly total = new Histogram();
}

/** Of one path and kind, for status. A stage that none of them has entered is not there. */
export interface Latency {
  readonly path: PathName;
  readonly kind: KindName;
  readonly stages: Partial<Record<StageName, Distribution>>;
  readonly total: Distribution;
}

export class Stages {
  readonly #clock: Clock;
  readonly #oneIn: number;
  readonly #times = pathNames.map(() => kindNames.map(() => new StageTimes()));
  /** By path and kind: commands until the next one that is timed. The first is. */
  readonly #left = new Int32Array(pathNames.length * KINDS);

  /** `oneIn`: which share of the commands is timed. */
  constructor(clock: Clock, oneIn = TIMED_ONE_IN) {
    this.#clock = clock;
    this.#oneIn = oneIn;
  }

  /** A command's header is handled, which has come by this connection or link: its timing, or null if it is not timed. */
  begin(path: typeof Path.direct | typeof Path.served, cdb: Uint8Array, from: Received): Timing | null {
    const place = path * KINDS + kindOf(cdb);
    const left = this.#left[place] ?? 0;
    if (left > 0) {
      this.#left[place] = left - 1;
      return null;
    }
    this.#left[place] = this.#oneIn - 1;
    return new Timing(this.#clock, this, path, kindOf(cdb), from.receivedAt);
  }

  /** For Timing. */
  timesOf(path: Path, kind: Kind): StageTimes {
    const times = this.#times[path]?.[kind];
    if (times === undefined) throw new Error(`no path ${path} or kind ${kind}`);
    return times;
  }

  /** Of the paths and kinds of which a command was timed. */
  latencies(): Latency[] {
    return pathNames.flatMap((path) =>
      kindNames
        .map((kind) => ({ path, kind, times: this.timesOf(Path[path], Kind[kind]) }))
        .map(({ times, ...which }) => ({ ...which, ...distributionsOf(times) }))
        .filter(({ total }) => total.count > 0),
    );
  }
}

function distributionsOf({ stages, total }: StageTimes): Pick<Latency, 'stages' | 'total'> {
  const entered: Partial<Record<StageName, Distribution>> = {};
  for (const name of stageNames) {
    const distribution = stages[Stage[name]]?.distribution();
    if (distribution !== undefined && distribution.count > 0) entered[name] = distribution;
  }
  return { stages: entered, total: total.distribution() };
}
