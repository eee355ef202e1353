/**
 * Where the time of commands goes, in one system. Reading the clock takes up to 100 ns, a twentieth of what a short command does here. So
 * one in `CLOCKED_ONE_IN` of what is read from connections has a time, whoever's it is, and one in `BEGUN_ONE_IN` of the commands in it, by
 * path and kind, is timed: from its first byte to its answer, with a reading of the clock at every stage that it enters. The times are true
 * ones, not those of a loop turn, and the stages of a command are told together: they add up to its total.
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

/**
 * Primes: initiators send in batches and patterns of powers of two, of which it would else be the same command again and again. So few that a
 * timed command may take long: 0.3 µs, and 7 µs until some thousands have made V8 compile what they run.
 */
const CLOCKED_ONE_IN = 11;
const BEGUN_ONE_IN = 29;
export const TIMED_ONE_IN = CLOCKED_ONE_IN * BEGUN_ONE_IN;

const KINDS = kindNames.length;

/** Where commands come from. Not the number itself, which would have to be boxed for each of them. */
export interface Received {
  /** When the bytes that are handled now have come: see Stages.arrival. */
  readonly receivedAt: number | null;
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
  readonly #clockedOneIn: number;
  readonly #begunOneIn: number;
  /** What is read until the next that has a time. */
  #unclocked = 0;
  readonly #times = pathNames.map(() => kindNames.map(() => new StageTimes()));
  /** By path and kind: of the commands that have a time, those until the next one that is timed. */
  readonly #left = new Int32Array(pathNames.length * KINDS);

  constructor(clock: Clock, clockedOneIn = CLOCKED_ONE_IN, begunOneIn = BEGUN_ONE_IN) {
    this.#clock = clock;
    this.#clockedOneIn = clockedOneIn;
    this.#begunOneIn = begunOneIn;
  }

  /** Something was read from a connection: now (ms, of the clock), or null where no command in it is to be timed. */
  arrival(): number | null {
    if (this.#unclocked > 0) {
      this.#unclocked -= 1;
      return null;
    }
    this.#unclocked = this.#clockedOneIn - 1;
    return this.#clock.now();
  }

  /** A command's header is handled, which has come by this connection or link: its timing, or null if it is not timed. */
  begin(path: typeof Path.direct | typeof Path.served, cdb: Uint8Array, from: Received): Timing | null {
    const { receivedAt } = from;
    if (receivedAt === null) return null;
    const place = path * KINDS + kindOf(cdb);
    const left = this.#left[place] ?? 0;
    if (left > 0) {
      this.#left[place] = left - 1;
      return null;
    }
    this.#left[place] = this.#begunOneIn - 1;
    return new Timing(this.#clock, this, path, kindOf(cdb), receivedAt);
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
