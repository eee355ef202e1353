/**
 * Exchange numbers (docs/interconnect.md section 6): slot in the low 16 bits, turn in the high 16. The turn tells a
 * late frame of an exchange that has just ended from one of the slot's next.
 */

const SLOT = 0xffff;
const TURN = 0x10000;
const TURNS = 0xffff;

/** The exchanges that we began, by number. */
export class ExchangeTable<T> {
  readonly #slots: (T | null)[] = [];
  readonly #numbers: number[] = [];
  readonly #free: number[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** The number of the next exchange, to be opened at once; 0 when there are as many as may be. */
  reserve(): number {
    const slot = this.#free.pop() ?? this.#newSlot();
    if (slot < 0) return 0;
    const turn = ((this.#numbers[slot] ?? 0) >>> 16) % TURNS;
    return (turn + 1) * TURN + slot;
  }

  open(number: number, exchange: T): void {
    this.#slots[number & SLOT] = exchange;
    this.#numbers[number & SLOT] = number;
  }

  find(number: number): T | null {
    const slot = number & SLOT;
    return this.#numbers[slot] === number ? (this.#slots[slot] ?? null) : null;
  }

  close(number: number): void {
    const slot = number & SLOT;
    if (this.find(number) === null) throw new Error(`exchange ${number} is not open`);
    this.#slots[slot] = null;
    this.#free.push(slot);
  }

  /** All that are open, as of now. */
  running(): T[] {
    return this.#slots.filter((exchange) => exchange !== null);
  }

  #newSlot(): number {
    if (this.#slots.length >= this.#limit) return -1;
    this.#slots.push(null);
    this.#numbers.push(0);
    return this.#slots.length - 1;
  }
}

/** The exchanges that the partner began, by its numbers. */
export class ServedTable<T> {
  readonly #slots = new Map<number, { number: number; exchange: T | null }>();
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** Whether an exchange may begin with this number: its slot is free, its turn is another than the last. */
  mayBegin(number: number): boolean {
    const slot = number & SLOT;
    if (number < TURN || slot >= this.#limit) return false;
    const used = this.#slots.get(slot);
    return used === undefined || (used.exchange === null && used.number !== number);
  }

  begin(number: number, exchange: T): void {
    this.#size++;
    const used = this.#slots.get(number & SLOT);
    if (used === undefined) {
      this.#slots.set(number & SLOT, { number, exchange });
    } else {
      used.number = number;
      used.exchange = exchange;
    }
  }

  /** The exchange, 'ended' if it was the slot's last, or null if it never was. */
  find(number: number): T | 'ended' | null {
    const used = this.#slots.get(number & SLOT);
    if (used === undefined || used.number !== number) return null;
    return used.exchange ?? 'ended';
  }

  end(number: number): void {
    const used = this.#slots.get(number & SLOT);
    if (used === undefined || used.number !== number || used.exchange === null) {
      throw new Error(`exchange ${number} is not being served`);
    }
    used.exchange = null;
    this.#size--;
  }

  running(): T[] {
    const running: T[] = [];
    for (const { exchange } of this.#slots.values()) if (exchange !== null) running.push(exchange);
    return running;
  }
}
