/**
 * One segment of a copy in pieces: which comes next, and how much is done. Where source and destination lie over each other in one
 * unit, one piece at a time, from the end at which nothing is overwritten before it is read.
 */
import { CopyLimits } from '../../limits.ts';
import type { PlannedSegment } from './copy-plan.ts';

/** Bytes of a segment: [at, at + length). */
export interface Piece {
  readonly at: number;
  readonly length: number;
}

export class SegmentProgress {
  readonly segment: PlannedSegment;
  readonly piecesAtATime: number;
  readonly #pieceLength: number;
  /** Whether anything has been written. */
  hasWritten = false;
  readonly #isBackward: boolean;
  #begun = 0;
  #done = 0;
  /** Bytes from the start that are copied without a gap, and pieces behind them. */
  #whole = 0;
  readonly #ahead = new Map<number, number>();

  constructor(segment: PlannedSegment) {
    this.segment = segment;
    const distance = distanceOf(segment);
    this.#pieceLength = segment.source === null ? CopyLimits.zeroPieceLength : CopyLimits.pieceLength;
    this.piecesAtATime = Math.abs(distance) < segment.length ? 1 : CopyLimits.piecesPerCopy;
    this.#isBackward = distance > 0 && distance < segment.length;
  }

  get isDone(): boolean {
    return this.#done === this.segment.length;
  }

  /** Bytes that are copied, of a piece that may be followed by what is not. */
  get copied(): number {
    return this.#whole;
  }

  /** In blocks of the destination: what is not copied. */
  get residual(): number {
    return (this.segment.length - this.#whole) / this.segment.destination.unit.identity.blockLength;
  }

  /** The next piece, which has begun by that; null where all have. */
  begin(): Piece | null {
    const { length: total } = this.segment;
    const length = Math.min(this.#pieceLength, total - this.#begun);
    if (length === 0) return null;
    const at = this.#isBackward ? total - this.#begun - length : this.#begun;
    this.#begun += length;
    return { at, length };
  }

  end({ at, length }: Piece): void {
    this.hasWritten = true;
    this.#done += length;
    this.#ahead.set(at, length);
    for (let next = this.#ahead.get(this.#whole); next !== undefined; next = this.#ahead.get(this.#whole)) {
      this.#ahead.delete(this.#whole);
      this.#whole += next;
    }
  }
}

/** How many bytes behind the source the destination begins; Infinity in another unit. */
function distanceOf({ source, destination }: PlannedSegment): number {
  if (source?.unit !== destination.unit) return Number.POSITIVE_INFINITY;
  return (destination.lba - source.lba) * source.unit.identity.blockLength;
}
