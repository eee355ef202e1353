/**
 * How much read data the commands of a session may have on the way to the client's socket. A command gets room for
 * a share at once, and more when its own data has left; those that find no room wait in the order of their coming.
 */
import { IscsiLimits } from '../../limits.ts';

export interface CreditTaker {
  /** Bytes of room it can use now, 0 where none. */
  creditWanted(): number;
  /** It has left the queue: with `amount` bytes, or (0) because it wanted none. */
  creditGiven(amount: number): void;
}

/** No smaller grants than this, but for the last of a command: a unit reads in sets. */
const QUANTUM = IscsiLimits.readSetLength;

export class ReadCredit {
  #available: number = IscsiLimits.dataInPerSession;
  readonly #waiting: CreditTaker[] = [];
  #serving = false;

  /** Room for a command that begins and reads `length` bytes; 0: it has to `wait`. */
  takeNow(length: number): number {
    const wanted = Math.min(length, IscsiLimits.dataInPerCommand);
    if (this.#waiting.length > 0 || this.#available < Math.min(wanted, QUANTUM)) return 0;
    const amount = Math.min(wanted, this.#available);
    this.#available -= amount;
    return amount;
  }

  wait(taker: CreditTaker): void {
    this.#waiting.push(taker);
    this.#serve();
  }

  giveBack(amount: number): void {
    this.#available += amount;
    if (this.#waiting.length > 0) this.#serve();
  }

  /** A taker may send and so come back here before creditGiven has returned: the loop goes on, once. */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    for (let taker = this.#waiting[0]; taker !== undefined; taker = this.#waiting[0]) {
      const wanted = taker.creditWanted();
      if (this.#available < Math.min(wanted, QUANTUM)) break;
      const amount = Math.min(wanted, this.#available);
      this.#available -= amount;
      this.#waiting.shift();
      taker.creditGiven(amount);
    }
    this.#serving = false;
  }
}
