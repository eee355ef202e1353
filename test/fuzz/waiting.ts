/** Waits for what may rightly never come: who is attacked may ignore what it got. */
const QUIET_MILLISECONDS = 250;

export class Waiting {
  readonly #patience: number;
  #changed: () => void = () => {};

  constructor(patienceMilliseconds = QUIET_MILLISECONDS) {
    this.#patience = patienceMilliseconds;
  }

  /** Something has come. */
  changed(): void {
    this.#changed();
  }

  /** Until it holds, or it has been quiet for long enough. */
  async until(holds: () => boolean): Promise<void> {
    const deadline = performance.now() + this.#patience;
    for (;;) {
      const left = deadline - performance.now();
      if (holds() || left <= 0) return;
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
