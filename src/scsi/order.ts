/**
 * Numbers what happens in a system in the order in which it happens: nexuses that begin, data accesses, pings. Later is
 * greater, and no two are equal; no clock is asked.
 */
export class Order {
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}
