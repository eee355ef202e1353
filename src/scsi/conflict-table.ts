/**
 * Which commands of one task set may run at the same time. Data access commands are kept in their order of arrival
 * where they touch the same blocks, whatever path and nexus they came by, so that two initiators, or one with two
 * paths, see one order, and a store never has to order overlapping calls.
 */

/** What a command does to the unit, as far as order goes. */
export const ConflictClass = {
  /** Touches neither data nor what other commands depend on. */
  none: 0,
  /** Reads the blocks of its range. */
  read: 1,
  /** Changes the blocks of its range. */
  write: 2,
  /** Makes the blocks of its range durable, as they are after the writes before it. */
  flush: 3,
  /** Changes blocks that are not known when it arrives, or the unit itself. */
  wholeUnit: 4,
} as const;
export type ConflictClass = (typeof ConflictClass)[keyof typeof ConflictClass];

/** pass: runs beside it. overlap: waits for it if the ranges share a block. block: waits for it. */
export const Conflict = { pass: 0, overlap: 1, block: 2 } as const;
export type Conflict = (typeof Conflict)[keyof typeof Conflict];

const { pass, overlap, block } = Conflict;

/** `conflict[newer][older]`, by ConflictClass. */
export const conflict: readonly (readonly Conflict[])[] = [
  /* newer      older: none  read     write    flush  wholeUnit */
  /* none      */ [pass, pass, pass, pass, pass],
  /* read      */ [pass, pass, overlap, pass, block],
  /* write     */ [pass, overlap, overlap, pass, block],
  /* flush     */ [pass, pass, overlap, pass, block],
  /* wholeUnit */ [pass, block, block, block, block],
];
