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

/** A binary heap, ordered by time, then by the order in which events were put in. */
export class EventQueue {
  readonly #heap: SimEvent[] = [];

  get size(): number {
    return this.#heap.length;
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

  get first(): SimEvent | undefined {
    return this.#heap[0];
  }

  pop(): SimEvent | undefined {
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
