/** Waits for what may rightly never come: who is attacked may ignore what it got. */
const QUIET_MILLISECONDS = 100;
/** Who has just been silent is so again, mostly: a further silence in a row is waited for this much shorter, but for so long at least. */
const SHORTER = 4;
const LEAST_MILLISECONDS = 15;

/** What a system that is all right sends soon, on a machine that is busy with much else. */
export const SURE_MILLISECONDS = 5_000;

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

  /** Until it holds, or it has been quiet for long enough. */
  async until(holds: () => boolean, atLeastMilliseconds = 0): Promise<void> {
    const deadline = performance.now() + Math.max(this.#left, atLeastMilliseconds);
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

  /**
   * Until it holds, where `ask` sends what is answered behind it: a busy machine is slow with both. `answered` says whether that
   * has come, or never will.
   */
  async untilOrBehind(holds: () => boolean, ask: () => void, answered: () => boolean): Promise<void> {
    await this.until(holds);
    if (holds()) return;
    const asked = performance.now();
    ask();
    await this.until(() => holds() || answered(), SURE_MILLISECONDS);
    // What another system has to do with comes by a longer way.
    await this.until(holds, 2 * (performance.now() - asked));
  }
}
