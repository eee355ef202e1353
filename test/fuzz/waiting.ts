/** Waits for what may rightly never come: who is attacked may ignore what it got. */
const QUIET_MILLISECONDS = 250;
/** Who has just been silent is so again, mostly: a further silence in a row is waited for this much shorter, but for so long at least. */
const SHORTER = 4;
const LEAST_MILLISECONDS = 15;
const SURE_MILLISECONDS = 5_000;

export class Waiting {
  readonly #patience: number;
  #left: number;
  #changed: () => void = () => {};

  constructor(patienceMilliseconds = QUIET_MILLISECONDS) {
    this.#patience = patienceMilliseconds;
    this.#left = patienceMilliseconds;
  }

  /** Something has come. */
  changed(): void {
    this.#left = this.#patience;
    this.#changed();
  }

  /** Until it holds, or it has been quiet for long enough: where something hangs on it, for long enough on a busy machine. */
  async until(holds: () => boolean, mustKnow = false): Promise<void> {
    const deadline =
      performance.now() + (mustKnow ? Math.max(this.#patience, SURE_MILLISECONDS) : this.#left);
    while (!holds()) {
      const left = deadline - performance.now();
      if (left <= 0) {
        this.#left = Math.max(LEAST_MILLISECONDS, this.#left / SHORTER);
        return;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
