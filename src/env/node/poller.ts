/**
 * Looks for more input, instead of sleeping, for a moment after input has come: where a question follows an answer closely, waking
 * a processor that has gone to sleep costs more than the command itself.
 *
 * It does so only as long as it does good. Where nothing comes in time, or where others had the processor before something came (it was
 * theirs to use, and we would have been woken as soon), the next input is not followed by it; nor are the next two, four and so on, up to
 * a bound. Nor are a fixed number once much has come at a time. Where nothing comes at all, nothing is done.
 */

export interface PollerHost {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls `run` when the loop has looked for input once, without sleeping. */
  nextTurn(run: () => void): void;
  /** How often others have had the processor while this thread wanted it. */
  switches(): number;
}

/** Inputs that are not followed by looking: the first time it does no good, and at the most. */
const FEWEST_LEFT_OUT = 1;
const MOST_LEFT_OUT = 1024;
/** Messages, and bytes. Where more comes at a time, waking is the smaller part of the work, and what was given time to gather costs less. */
const FEW = 8;
const LITTLE = 49152;
/** Inputs that are not followed by looking once much has come: of many commands at a time most come as little. */
const LEFT_OUT_AFTER_MUCH = 64;

export class Poller {
  readonly #host: PollerHost;
  readonly #milliseconds: number;
  #looking = false;
  /** Whether the next turn has been asked for: it comes also where looking was ended before it. */
  #asked = false;
  #hasCome = false;
  #switches = 0;
  #until = 0;
  #toLeaveOut = 0;
  #leftOutNext = FEWEST_LEFT_OUT;

  /** `milliseconds`: how long it looks after each input. */
  constructor(host: PollerHost, milliseconds: number) {
    this.#host = host;
    this.#milliseconds = milliseconds;
  }

  /** So many bytes have come, which have made so many messages whole. */
  input(length: number, messages: number): void {
    if (length > LITTLE || messages > FEW) this.#much();
    else if (this.#looking) this.#hasCome = true;
    else if (this.#toLeaveOut > 0) this.#toLeaveOut -= 1;
    else this.#begin();
  }

  #much(): void {
    this.#looking = false;
    this.#toLeaveOut = Math.max(this.#toLeaveOut, LEFT_OUT_AFTER_MUCH);
  }

  #begin(): void {
    this.#looking = true;
    this.#hasCome = false;
    this.#switches = this.#host.switches();
    this.#until = this.#host.now() + this.#milliseconds;
    this.#lookNextTurn();
  }

  #lookNextTurn(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#host.nextTurn(this.#look);
  }

  readonly #look = (): void => {
    this.#asked = false;
    if (!this.#looking) return;
    const now = this.#host.now();
    if (this.#hasCome) {
      this.#hasCome = false;
      if (this.#host.switches() !== this.#switches) return this.#stop();
      this.#leftOutNext = FEWEST_LEFT_OUT;
      this.#until = now + this.#milliseconds;
    }
    if (now >= this.#until) this.#stop();
    else this.#lookNextTurn();
  };

  #stop(): void {
    this.#looking = false;
    this.#toLeaveOut = this.#leftOutNext;
    this.#leftOutNext = Math.min(MOST_LEFT_OUT, this.#leftOutNext * 2);
  }
}
