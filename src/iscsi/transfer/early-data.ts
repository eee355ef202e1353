/**
 * Data-out that has come before what belongs in front of it, which a unit takes in order only: out of order where that was
 * agreed on, or behind a PDU whose digest was wrong. Its size is bounded by what the initiator was allowed to send.
 */
import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';

interface EarlyPiece {
  readonly offset: number;
  readonly lease: Lease;
}

export class EarlyData {
  /** In order of offset. */
  readonly #pieces: EarlyPiece[] = [];
  #filling: EarlyPiece | null = null;
  #wanted = true;

  /** Another command's from now on. */
  start(): void {
    this.#wanted = true;
  }

  /** Where [offset, offset + length) goes until its turn comes. */
  buffer(pool: BufferPool, offset: number, length: number): Uint8Array {
    const lease = pool.take(length);
    this.#filling = { offset, lease };
    return lease.bytes;
  }

  /** The last buffer has been filled. */
  arrived(): void {
    const piece = this.#filling;
    this.#filling = null;
    if (piece === null) return;
    if (!this.#wanted) return piece.lease.release();
    const behind = this.#pieces.findIndex(({ offset }) => offset > piece.offset);
    this.#pieces.splice(behind < 0 ? this.#pieces.length : behind, 0, piece);
  }

  /** The last buffer will not be filled, or what is in it is wrong. */
  lost(): void {
    this.#filling?.lease.release();
    this.#filling = null;
  }

  overlaps(from: number, to: number): boolean {
    return this.#pieces.some(({ offset, lease }) => offset < to && offset + lease.bytes.length > from);
  }

  /** The parts of [from, to) that are not here. */
  missing(from: number, to: number): { start: number; readonly end: number }[] {
    const gaps: { start: number; readonly end: number }[] = [];
    let at = from;
    for (const { offset, lease } of this.#pieces) {
      if (offset >= to) break;
      if (offset > at) gaps.push({ start: at, end: offset });
      at = Math.max(at, offset + lease.bytes.length);
    }
    if (at < to) gaps.push({ start: at, end: to });
    return gaps;
  }

  /** The piece that begins at `offset`, which the caller releases, or null. */
  take(offset: number): Lease | null {
    const first = this.#pieces[0];
    if (first === undefined || first.offset !== offset) return null;
    this.#pieces.shift();
    return first.lease;
  }

  /** Nobody wants it any more, nor what is still coming. */
  drop(): void {
    this.#wanted = false;
    for (const { lease } of this.#pieces.splice(0)) lease.release();
  }
}
