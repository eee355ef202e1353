/** What a system tells of itself that was started with preload.ts. */

/** How often the event loop is looked at: it is blocked at least this much less than `longestTurn` can say. */
export const RESOLUTION_MILLISECONDS = 1;

/** What the line begins with; then come the number of the report, from 1, and a `Watched` as JSON. */
export const WATCHED_LINE = 'watched';

export interface Watched {
  /** Of the garbage collector, in ms: those that stop the program, each. */
  readonly pauses: readonly number[];
  /** The longest time that the event loop did not come round, in ms: to the next look, RESOLUTION_MILLISECONDS apart. */
  readonly longestTurn: number;
  /** Heap and buffers; without what is garbage where the system was started with --expose-gc. */
  readonly usedBytes: number;
}
