/** One piece of a copy on its way: read, confirmed where it is a token's, and written; zeroes are written at once. */
import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import { CopyLimits } from '../../limits.ts';
import { encodeCdb16 } from '../../wire/scsi/cdb.ts';
import { OpCode } from '../../wire/scsi/opcodes.ts';
import type { Sense } from '../../wire/scsi/sense.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { AttemptOptions, UnitFailure } from './attempt.ts';
import type { CopyEnd, PlannedSegment } from './copy-plan.ts';
import type { Piece, SegmentProgress } from './segment-progress.ts';

/** A token whose blocks are copied: its unit, the question to its owner whether it is good, and what to do with the answer. */
export interface TokenSource {
  readonly unit: LogicalUnit;
  readonly cdb: Uint8Array;
  plan(answer: Uint8Array): readonly PlannedSegment[] | Sense;
}

/** The copy that the piece is of. */
export interface PieceHost {
  readonly pool: BufferPool;
  readonly token: TokenSource | null;
  readonly isStopping: boolean;
  attempt(options: Omit<AttemptOptions, 'ended'>, ended: AttemptOptions['ended']): void;
  /** `end`: of the unit that has failed. */
  fail(failure: UnitFailure, end: CopyEnd | null): void;
  pieceOver(): void;
}

/** NO DATA-OUT BUFFER, of WRITE SAME (16): zeroes. */
const NDOB = 0x01;
/** Of the owner of a token: its ranges. */
const MAX_ANSWER_LENGTH = 16 * CopyLimits.maxRangeDescriptors;

export class PieceCopy {
  readonly #host: PieceHost;
  readonly #current: SegmentProgress;
  readonly #piece: Piece;
  #lease: Lease | null = null;

  constructor(host: PieceHost, current: SegmentProgress, piece: Piece) {
    this.#host = host;
    this.#current = current;
    this.#piece = piece;
  }

  start(): void {
    const { source, destination } = this.#current.segment;
    if (source === null) {
      const cdb = cdbOf(OpCode.writeSame16, destination, this.#piece);
      cdb[1] = NDOB;
      return this.#write({ unit: destination.unit, by: 'destination', cdb });
    }
    const lease = this.#host.pool.take(this.#piece.length);
    this.#lease = lease;
    const cdb = cdbOf(OpCode.read16, source, this.#piece);
    this.#host.attempt({ unit: source.unit, by: 'source', cdb, dataIn: lease.bytes }, (failure) => {
      if (failure !== null) this.#host.fail(failure, source);
      if (this.#host.isStopping) this.#over();
      else this.#confirm(this.#host.token, lease);
    });
  }

  /** What was read is what the token stands for if that is still good: a change would have cancelled it before it began. */
  #confirm(token: TokenSource | null, { bytes }: Lease): void {
    const { destination } = this.#current.segment;
    const { unit } = destination;
    const write = () => {
      const cdb = cdbOf(OpCode.write16, destination, this.#piece);
      this.#write({ unit, by: 'destination', cdb, dataOut: bytes });
    };
    if (token === null) return write();
    askOwner(this.#host, token, (failure) => {
      if (failure !== null) this.#host.fail(failure, null);
      if (this.#host.isStopping) this.#over();
      else write();
    });
  }

  #write(options: Omit<AttemptOptions, 'ended'>): void {
    this.#host.attempt(options, (failure) => {
      if (failure === null) this.#current.end(this.#piece);
      else this.#host.fail(failure, this.#current.segment.destination);
      this.#over();
    });
  }

  #over(): void {
    this.#lease?.release();
    this.#host.pieceOver();
  }
}

/** Asks the owner of a token whether it is good, and what it stands for. */
export function askOwner(
  host: PieceHost,
  { unit, cdb }: TokenSource,
  answered: (failure: UnitFailure | null, answer: Uint8Array) => void,
): void {
  const dataIn = new Uint8Array(MAX_ANSWER_LENGTH);
  host.attempt({ unit, by: 'source', cdb, dataIn, mayBeShort: true }, (failure, received) =>
    answered(failure, dataIn.subarray(0, received)),
  );
}

function cdbOf(operationCode: number, { unit, lba }: CopyEnd, { at, length }: Piece): Uint8Array {
  const { blockLength } = unit.identity;
  return encodeCdb16(operationCode, lba + at / blockLength, length / blockLength);
}
