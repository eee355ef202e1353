/** When the probes of a link went out, and how long the answers took. It has no clock: it is told the time, in ms. */
import { LinkLimits } from '../../limits.ts';

/** A link that gets no answer to more probes than these is silent, or dead. */
const REMEMBERED = LinkLimits.rememberedProbes;

export class ProbeTimes {
  readonly #sentAt = new Float64Array(REMEMBERED);
  /** Numbers of probes, which count up from 1. */
  #sent = 0;
  #answered = 0;
  /** Of the answer that came last, until it is taken. */
  #roundTrip: number | null = null;

  /** The number of the probe that is sent now. */
  send(now: number): number {
    this.#sent++;
    this.#sentAt[this.#sent % REMEMBERED] = now;
    return this.#sent;
  }

  /** False where there was no such probe. */
  answer(number: number, now: number): boolean {
    if (number > this.#sent) return false;
    // One that was answered before, or that `forget` has given up, tells nothing.
    if (number <= this.#answered) return true;
    this.#answered = number;
    this.#roundTrip = now - this.#oldest(number);
    return true;
  }

  /**
   * What the link has shown since the last call: how long the oldest probe without an answer has waited, else the last
   * round trip; null where there is neither.
   */
  take(now: number): number | null {
    const roundTrip = this.#roundTrip;
    this.#roundTrip = null;
    return this.#answered === this.#sent ? roundTrip : now - this.#oldest(this.#answered + 1);
  }

  /** What is on its way says nothing of the link: this process itself has not listened meanwhile. */
  forget(): void {
    this.#answered = this.#sent;
    this.#roundTrip = null;
  }

  /** When the probe was sent, or the oldest one of which it is still known. */
  #oldest(number: number): number {
    const known = Math.max(number, this.#sent - REMEMBERED + 1);
    return this.#sentAt[known % REMEMBERED] ?? 0;
  }
}
