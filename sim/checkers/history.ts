/**
 * What the clients asked for and were told, block by block. Every attempt of a write is a write of its own, with a
 * version that no other has: an attempt that was never answered may have run or not.
 */

export const NEVER = Number.POSITIVE_INFINITY;

/** What a write puts down: stamped blocks, one stamped block in every place (WRITE SAME), or zeroes, which bear no version. */
export type WriteKind = 'blocks' | 'same' | 'zeroes';

export interface WriteRequest {
  readonly kind: WriteKind;
  readonly unit: number;
  readonly lba: number;
  readonly blocks: number;
  readonly fua: boolean;
  readonly writer: number;
  /** COMPARE AND WRITE: the version that its one block has to hold; null for all other writes. */
  readonly expected: number | null;
  readonly start: number;
}

export interface WriteRecord extends WriteRequest {
  readonly version: number;
  /** When it was answered, or it was certain for another reason that it does not run any more. */
  end: number;
  /** Answered with GOOD: it must have run. */
  acknowledged: boolean;
  /** Answered with what says that it has not run: MISCOMPARE, NOT READY, UNIT ATTENTION, BUSY, TASK SET FULL. */
  neverRan: boolean;
  miscompared: boolean;
  /** When its client had gone on without it: it does not run after this. */
  givenUp: number;
}

/** One block of one answered read. */
export interface ReadRecord {
  readonly version: number;
  readonly start: number;
  readonly end: number;
}

/** A start of the unit's owner: what its blocks held then. The first is the beginning, with zeroes. */
export interface Era {
  readonly start: number;
  /** How the one before ended: 'kill' loses nothing that was acknowledged. */
  readonly after: 'nothing' | 'kill' | 'power';
  /** By block; null: all are 0. */
  readonly versions: Uint32Array | null;
}

interface FlushRecord {
  readonly start: number;
  readonly end: number;
}

export class UnitHistory {
  readonly eras: Era[] = [{ start: 0, after: 'nothing', versions: null }];
  readonly flushes: FlushRecord[] = [];
  readonly writesByBlock: WriteRecord[][];
  readonly readsByBlock: ReadRecord[][];

  constructor(blocks: number) {
    this.writesByBlock = Array.from({ length: blocks }, () => []);
    this.readsByBlock = Array.from({ length: blocks }, () => []);
  }
}

export class History {
  readonly units: readonly UnitHistory[];
  /** By version, from 1 on. */
  readonly writes: WriteRecord[] = [];

  constructor(unitBlocks: readonly number[]) {
    this.units = unitBlocks.map((blocks) => new UnitHistory(blocks));
  }

  unit(index: number): UnitHistory {
    const unit = this.units[index];
    if (unit === undefined) throw new Error(`no unit ${index}`);
    return unit;
  }

  beginWrite(request: WriteRequest): WriteRecord {
    const version = this.writes.length + 1;
    const unknown = { end: NEVER, acknowledged: false, neverRan: false, miscompared: false, givenUp: NEVER };
    const write = { ...request, version, ...unknown };
    this.writes.push(write);
    const { unit, lba, blocks } = request;
    const { writesByBlock } = this.unit(unit);
    for (let block = lba; block < lba + blocks; block += 1) writesByBlock[block]?.push(write);
    return write;
  }

  read(unit: number, block: number, version: number, start: number, end: number): void {
    this.unit(unit).readsByBlock[block]?.push({ version, start, end });
  }
}
