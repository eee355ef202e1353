/**
 * When the blocks of a unit were last accessed, and by which nexus: as much of it as tells whether anyone else has accessed
 * blocks since some moment. It may name a later moment than the right one, never an earlier one.
 */
import { ScsiLimits } from '../../limits.ts';

/** Bytes that share a place in the table. */
const GRANULE = 4096;
const NOBODY = 0;
const PLACES = ScsiLimits.accessHistoryPlaces;

export class AccessHistory {
  readonly #granuleBlocks: number;
  /** Of all accesses, while one nexus alone makes them; then of those that are too long for the table. */
  #nexus = NOBODY;
  #newest: number;
  /** The newest by another than `#nexus`. */
  #newestByOther = 0;
  /** The same three by granule, modulo their number. */
  #table: AccessTable | null = null;

  /**
   * `begin`: the moment before which others may have accessed every block, since a process that has just started knows
   * nothing of its last life.
   */
  constructor(begin: number, blockLength: number) {
    this.#newest = begin;
    this.#granuleBlocks = Math.max(1, GRANULE / blockLength);
  }

  /** Nexus `nexus` accesses [first, end) at `moment`. */
  record(nexus: number, moment: number, first: number, end: number): void {
    const isAlone = this.#table === null && (this.#nexus === nexus || this.#nexus === NOBODY);
    if (isAlone || this.#isLong(first, end)) return this.#recordEverywhere(nexus, moment);
    this.#table ??= new AccessTable();
    const last = this.#granule(end - 1);
    for (let at = this.#granule(first); at <= last; at += 1) this.#table.record(at % PLACES, nexus, moment);
  }

  /** The moment of the newest access of [first, end) by another nexus than `nexus`. */
  newestByOther(nexus: number, first: number, end: number): number {
    let newest = this.#nexus === nexus ? this.#newestByOther : this.#newest;
    const table = this.#table;
    if (table === null) return newest;
    const isLong = this.#isLong(first, end);
    const last = isLong ? PLACES - 1 : this.#granule(end - 1);
    for (let at = isLong ? 0 : this.#granule(first); at <= last; at += 1) {
      newest = Math.max(newest, table.newestByOther(at % PLACES, nexus));
    }
    return newest;
  }

  #recordEverywhere(nexus: number, moment: number): void {
    if (this.#nexus !== nexus) this.#newestByOther = this.#newest;
    this.#nexus = nexus;
    this.#newest = moment;
  }

  #granule(block: number): number {
    return Math.floor(block / this.#granuleBlocks);
  }

  #isLong(first: number, end: number): boolean {
    return end - first > ScsiLimits.longAccessGranules * this.#granuleBlocks;
  }
}

class AccessTable {
  readonly #nexus = new Float64Array(PLACES);
  readonly #newest = new Float64Array(PLACES);
  readonly #newestByOther = new Float64Array(PLACES);

  record(place: number, nexus: number, moment: number): void {
    if (this.#nexus[place] !== nexus) {
      this.#newestByOther[place] = this.#newest[place] ?? 0;
      this.#nexus[place] = nexus;
    }
    this.#newest[place] = moment;
  }

  newestByOther(place: number, nexus: number): number {
    const moments = this.#nexus[place] === nexus ? this.#newestByOther : this.#newest;
    return moments[place] ?? 0;
  }
}
