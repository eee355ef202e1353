/** A StreamHandler that keeps what it gets, and promises for what a test waits for. */
import type { StreamHandler } from '../../../src/env/network.ts';

export class RecordingHandler implements StreamHandler {
  readonly bytes: number[] = [];
  readonly closedWith: string[] = [];
  /** How often a receive buffer was asked for. */
  asked = 0;
  /** The lengths of the buffers to receive into, in turn. */
  readonly #bufferLengths: readonly number[];
  #buffer = new Uint8Array(0);
  #onReceived: () => void = () => {};
  #waiting: (() => void)[] = [];

  constructor(bufferLengths: readonly number[] = [65536]) {
    this.#bufferLengths = bufferLengths;
  }

  /** Called after every `received`, from inside it. */
  onReceived(run: () => void): void {
    this.#onReceived = run;
  }

  receiveBuffer(): Uint8Array {
    const length = this.#bufferLengths[this.asked++ % this.#bufferLengths.length] ?? 1;
    this.#buffer = new Uint8Array(length);
    return this.#buffer;
  }

  /** Every byte is a message. */
  received(length: number): number {
    if (this.closedWith.length > 0) throw new Error('received after closed');
    for (const byte of this.#buffer.subarray(0, length)) this.bytes.push(byte);
    this.#onReceived();
    this.#wake();
    return length;
  }

  closed(reason: string): void {
    this.closedWith.push(reason);
    this.#wake();
  }

  /** Resolves once `enough` is true; it is asked after each call. */
  async until(enough: () => boolean): Promise<void> {
    while (!enough()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  untilClosed(): Promise<void> {
    return this.until(() => this.closedWith.length > 0);
  }

  untilBytes(count: number): Promise<void> {
    return this.until(() => this.bytes.length >= count);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
