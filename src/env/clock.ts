/** Time as the core sees it. Nothing else in the core reads a clock or sets a timer. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  now(): number;
  /** Milliseconds since 1970 as the host has them, for people to read: it may jump. */
  wallTime(): number;
  /** Calls `run` once, no earlier than `milliseconds` from now. */
  after(milliseconds: number, run: () => void): Timer;
  /**
   * Calls `run` once when the input of this loop turn has been handled: the place to flush what the turn
   * gathered. Callbacks run in the order in which they were asked for.
   */
  endOfTurn(run: () => void): void;
}

export interface Timer {
  /** Harmless after the timer has fired. */
  cancel(): void;
}
