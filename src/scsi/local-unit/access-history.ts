/**
 * When the blocks of a unit were last accessed, and by which nexus: as much of it as tells whether anyone else has accessed
 * blocks since some moment. It may name a later moment than the right one, never an earlier one.
 */
import { ScsiLimits } from '../../limits.ts';

/** Bytes that share a place in the table. */
const GRANULE = 4096;
const NOBODY = 0;

/** Places for each of so many units of a system. */
export function placesOfEach(units: number): number {
  const { accessHistoryPlaces, mostPlacesPerUnit, fewestPlacesPerUnit } = ScsiLimits;
  const share = Math.floor(accessHistoryPlaces / Math.max(1, units));
  return Math.min(mostPlacesPerUnit, Math.max(fewestPlacesPerUnit, share));
}

export class AccessHistory {
  readonly #granuleBlocks: number;
  readonly #places: number;
  /** Of all accesses, while one nexus alone makes them; then of those that are too long for the table. */
  #nexus = NOBODY;
  #newest: number;
  /** The newest by another than `#nexus`. */
  #newestByOther = 0;
  /** The same three by granule, modulo their number. */
  #table: AccessTable | null = null;

  /**
   * `begin`: the moment before which others may have accessed every block, since a process that has just started knows
   * nothing of its last life. `places`: the more, the fewer granules share one.
   */
  constructor(begin: number, blockLength: number, places: number) {
    this.#newest = begin;
    this.#places = places;
    this.#granuleBlocks = Math.max(1, GRANULE / blockLength);
  }

  /** Nexus `nexus` accesses [first, end) at `moment`. */
  record(nexus: number, moment: number, first: number, end: number): void {
    const isAlone = this.#table === null && (this.#nexus === nexus || this.#nexus === NOBODY);
    if (isAlone || this.#isLong(first, end)) return this.#recordEverywhere(nexus, moment);
    this.#table ??= new AccessTable(this.#places);
    const last = this.#granule(end - 1);
    for (let at = this.#granule(first); at <= last; at += 1)
      this.#table.record(at % this.#places, nexus, moment);
  }

  /** The moment of the newest access of [first, end) by another nexus than `nexus`. */
  newestByOther(nexus: number, first: number, end: number): number {
    let newest = this.#nexus === nexus ? this.#newestByOther : this.#newest;
    const table = this.#table;
    if (table === null) return newest;
    const isLong = this.#isLong(first, end);
    const last = isLong ? this.#places - 1 : this.#granule(end - 1);
    for (let at = isLong ? 0 : this.#granule(first); at <= last; at += 1) {
      newest = Math.max(newest, table.newestByOther(at % this.#places, nexus));
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
  readonly #nexus: Float64Array;
  readonly #newest: Float64Array;
  readonly #newestByOther: Float64Array;

  constructor(places: number) {
    this.#nexus = new Float64Array(places);
    this.#newest = new Float64Array(places);
    this.#newestByOther = new Float64Array(places);
  }

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
