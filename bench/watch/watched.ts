/** What a system tells of itself that was started with preload.ts. */
import { constants } from 'node:perf_hooks';

/** How often the event loop is looked at. */
export const RESOLUTION_MILLISECONDS = 1;

/** What the line begins with; then come the number of the report, from 1, and a `Watched` as JSON. */
export const WATCHED_LINE = 'watched';

/** Of the garbage collector, by Node's numbers for them: what stops the program. */
export const collectionKinds = {
  minor: constants.NODE_PERFORMANCE_GC_MINOR,
  major: constants.NODE_PERFORMANCE_GC_MAJOR,
  incremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
  weak: constants.NODE_PERFORMANCE_GC_WEAKCB,
} as const;
export type CollectionKind = keyof typeof collectionKinds;

export interface Watched {
  /** Duration of each pause in ms, by kind. */
  readonly pauses: Readonly<Record<CollectionKind, readonly number[]>>;
  /** The longest time that the event loop did not come round, in ms: from one look to the next, less RESOLUTION_MILLISECONDS. */
  readonly longestTurn: number;
  /** The longest time that a thread beside it, which does nothing, was not let run, in ms: what of longestTurn is the machine's. */
  readonly longestHeldUp: number;
  /** Heap and buffers; without what is garbage where the system was started with --expose-gc. */
  readonly usedBytes: number;
}
