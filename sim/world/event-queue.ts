import type { SimProcess } from './process.ts';

export interface SimEvent {
  /** Simulated ms. */
  readonly time: number;
  readonly sequence: number;
  /** Whose event it is: it waits while the process is paused, and is dropped once it has died. Null: the world's. */
  readonly process: SimProcess | null;
  /** Null once it was cancelled. */
  run: (() => void) | null;
  readonly isTimer: boolean;
}

/**
 * Ordered by time, then by the order in which events were put in. Nearly half of all events are for the present: those
 * are in a row of their own, in order as they come; the others in a binary heap.
 */
export class EventQueue {
  readonly #heap: SimEvent[] = [];
  /** From #next to #end: the places around them are kept, for an array that is emptied gives its memory away. */
  readonly #present: (SimEvent | undefined)[] = [];
  #next = 0;
  #end = 0;

  /** For an event that is not before any other of this kind, and whose time has come: no earlier one can follow. */
  pushPresent(event: SimEvent): void {
    this.#present[this.#end] = event;
    this.#end += 1;
  }

  push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  /** Takes out the first event, if its time is not after `end`. */
  pop(end: number): SimEvent | undefined {
    const present = this.#present[this.#next];
    const first = this.#heap[0];
    if (present === undefined || (first !== undefined && isBefore(first, present))) {
      return first !== undefined && first.time <= end ? this.#popHeap() : undefined;
    }
    if (present.time > end) return undefined;
    this.#present[this.#next] = undefined;
    this.#next += 1;
    if (this.#next === this.#end) this.#next = this.#end = 0;
    return present;
  }

  #popHeap(): SimEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: SimEvent): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      if (child === undefined) break;
      const other = heap[below + 1];
      if (other !== undefined && isBefore(other, child)) {
        child = other;
        below += 1;
      }
      if (!isBefore(child, event)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = event;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
