/**
 * What has an initiator task tag, by that tag: open addressing over arrays that are made once. A Map makes itself a new table again and
 * again where as much is added as is taken out.
 */
import assert from 'node:assert/strict';

export interface Tagged {
  /** 32 bits. It stays what it is while it is in the table. */
  readonly tag: number;
}

/** 2^32 divided by the golden ratio: tags that differ a little get places far from each other. */
const SPREAD = 0x9e37_79b1;

export class TagTable<T extends Tagged> {
  readonly #slots: (T | null)[];
  readonly #tags: Uint32Array;
  /** Of what is in the slot: a higher number than what was there before it has. */
  readonly #arrivals: Float64Array;
  readonly #mask: number;
  readonly #shift: number;
  #arrived = 0;
  #size = 0;

  /** There is never more at a time than `most`. */
  constructor(most: number) {
    // A third of the slots is always free: the way to an end of a run is short.
    const bits = 32 - Math.clz32(Math.ceil(most * 1.5));
    const slots = 2 ** bits;
    this.#slots = new Array<T | null>(slots).fill(null);
    this.#tags = new Uint32Array(slots);
    this.#arrivals = new Float64Array(slots);
    this.#mask = slots - 1;
    this.#shift = 32 - bits;
  }

  get size(): number {
    return this.#size;
  }

  get(tag: number): T | null {
    return this.#slots[this.#slotOf(tag)] ?? null;
  }

  has(tag: number): boolean {
    return this.get(tag) !== null;
  }

  /** Nothing of its tag may be there. */
  add(what: T): void {
    const slot = this.#slotOf(what.tag);
    assert(this.#slots[slot] === null, 'a tag is in the table once');
    assert(this.#size < this.#mask, 'the table is not full');
    this.#arrived += 1;
    this.#size += 1;
    this.#put(slot, what, what.tag, this.#arrived);
  }

  /** Takes out what has this tag, if anything has. */
  delete(tag: number): void {
    let hole = this.#slotOf(tag);
    if (this.#slots[hole] === null) return;
    this.#size -= 1;
    // What was put further on because of it moves up, so that every run stays without holes.
    for (let slot = this.#next(hole); ; slot = this.#next(slot)) {
      const what = this.#slots[slot] ?? null;
      if (what === null) break;
      const from = this.#tags[slot] ?? 0;
      if (this.#distance(this.#home(from), slot) < this.#distance(hole, slot)) continue;
      this.#put(hole, what, from, this.#arrivals[slot] ?? 0);
      hole = slot;
    }
    this.#slots[hole] = null;
  }

  clear(): void {
    this.#slots.fill(null);
    this.#size = 0;
  }

  /** All, in order of arrival, as of now. */
  values(): T[] {
    const found: { readonly what: T; readonly arrival: number }[] = [];
    for (const [slot, what] of this.#slots.entries()) {
      if (what !== null) found.push({ what, arrival: this.#arrivals[slot] ?? 0 });
    }
    return found.sort((a, b) => a.arrival - b.arrival).map(({ what }) => what);
  }

  #put(slot: number, what: T, tag: number, arrival: number): void {
    this.#slots[slot] = what;
    this.#tags[slot] = tag;
    this.#arrivals[slot] = arrival;
  }

  /** Where this tag is, or would be put. */
  #slotOf(tag: number): number {
    let slot = this.#home(tag);
    while (this.#slots[slot] !== null && this.#tags[slot] !== tag) slot = this.#next(slot);
    return slot;
  }

  #home(tag: number): number {
    return Math.imul(tag, SPREAD) >>> this.#shift;
  }

  #next(slot: number): number {
    return (slot + 1) & this.#mask;
  }

  /** Steps from one slot to another. */
  #distance(from: number, to: number): number {
    return (to - from) & this.#mask;
  }
}
