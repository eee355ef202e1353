/**
 * Whether the initiator still holds a nexus. A client that has given a session up, and gone on by another path, can't
 * answer on it any more: its answer to a ping proves that up to the moment at which the ping was sent it had not
 * (docs/decisions/0006-freshness-of-writes.md).
 */
import type { Order } from './order.ts';

/** Asks the initiator, down the nexus, for a sign of life. `answered` is called once, or never. */
export type Ping = (answered: () => void) => void;

export class Presence {
  /** Asks the initiator now, whatever was asked before. */
  readonly ping: Ping;
  readonly #order: Order;
  #provenAt: number;
  #waiting: (() => void)[] | null = null;

  /** `provenAt`: the moment, in the order of this system, up to which the nexus is known to be held; 0: of none. */
  constructor(order: Order, provenAt: number, ping: Ping) {
    this.#order = order;
    this.#provenAt = provenAt;
    this.ping = ping;
  }

  get provenAt(): number {
    return this.#provenAt;
  }

  /** Calls back when there is a newer proof, which need not be as new as this call. One ping is on its way at a time. */
  prove(then: () => void): void {
    if (this.#waiting !== null) {
      this.#waiting.push(then);
      return;
    }
    const waiting = [then];
    this.#waiting = waiting;
    const sent = this.#order.next();
    this.ping(() => {
      this.#provenAt = sent;
      this.#waiting = null;
      for (const call of waiting) call();
    });
  }
}
