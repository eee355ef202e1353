import type { Readable } from 'node:stream';

/** Keeps the lines of a stream, and lets a test wait for one of them. */
export class Lines {
  readonly all: string[] = [];
  /** Called with each line as it comes. */
  onLine: (line: string) => void = () => {};
  #partial = '';
  #ended = false;
  readonly #waiting = new Set<() => void>();
  #next = 0;

  constructor(stream: Readable) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#add(text));
    stream.on('close', () => this.#end());
  }

  get text(): string {
    return this.all.join('\n');
  }

  /** Lets go of what was said so far: for who listens for hours. */
  forget(): void {
    this.all.length = 0;
    this.#next = 0;
  }

  /**
   * The first line not yet waited past that matches. Rejects, with all that was said, after `milliseconds` or
   * when the stream ends without it.
   */
  async waitFor(pattern: RegExp, milliseconds: number): Promise<string> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      while (this.#next < this.all.length) {
        const line = this.all[this.#next++];
        if (line !== undefined && pattern.test(line)) return line;
      }
      const left = deadline - Date.now();
      if (this.#ended || left <= 0) {
        const why = this.#ended ? 'the output ended' : `${milliseconds} ms went by`;
        throw new Error(`${why} without a line ${pattern}. It said:\n${this.text}`);
      }
      await this.#change(left);
    }
  }

  #add(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) {
      const whole = line.replace(/\r$/, '');
      this.all.push(whole);
      this.onLine(whole);
    }
    this.#wake();
  }

  #end(): void {
    if (this.#partial !== '') this.all.push(this.#partial);
    this.#partial = '';
    this.#ended = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  #change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#waiting.add(done);
    });
  }
}
