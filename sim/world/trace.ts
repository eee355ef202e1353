/** What has happened, as one number that two runs of a seed must agree on, and, on demand, as lines to read. */
export class Trace {
  #high = 0x811c9dc5;
  #low = 0x9747b28c;
  readonly #print: ((line: string) => void) | null;

  constructor(print: ((line: string) => void) | null) {
    this.#print = print;
  }

  /** True where somebody reads the lines: what makes one may be dear. */
  get printing(): boolean {
    return this.#print !== null;
  }

  mix(value: number): void {
    this.#high = Math.imul(this.#high ^ (value | 0), 0x01000193);
    this.#low = Math.imul((this.#low << 13) | (this.#low >>> 19), 5) ^ value;
  }

  line(text: string): void {
    this.#print?.(text);
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
