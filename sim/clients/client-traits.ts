import type { SessionTraits } from './requests.ts';

/** Which of the paths that work is taken: the owner's first, each in turn, or a proxied one first. */
export type PathPolicy = 'priority' | 'roundRobin' | 'proxied';

export interface ClientTraits {
  readonly policy: PathPolicy;
  /** Operations at a time, and the longest pause before the next one (ms). */
  readonly depth: number;
  readonly think: number;
  /** Share of each second in which it begins operations; in the rest of it, all clients rest. */
  readonly duty: number;
  /** Most operations are within the first so many blocks of a unit. */
  readonly hotBlocks: number;
  /** Blocks of the longest operation, and how often one is longer than a few blocks. */
  readonly longest: number;
  readonly longChance: number;
  /** Shares of all operations; of the writes, those with FUA. */
  readonly readShare: number;
  readonly flushShare: number;
  readonly fuaShare: number;
  /** Of the writes: UNMAP and WRITE SAME, COMPARE AND WRITE. */
  readonly zeroShare: number;
  readonly compareShare: number;
  /** ms until ABORT TASK, and from there until the session is dropped. */
  readonly commandTimeout: number;
  readonly abortTimeout: number;
  /** ms: within which the product has to end every command by itself, where only its links are in trouble; else null. */
  readonly answerWithin: number | null;
  /** LOGICAL UNIT RESETs a second. */
  readonly resetRate: number;
  readonly session: SessionTraits;
}
