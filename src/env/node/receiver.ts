import { StreamLimits } from '../../limits.ts';
import type { StreamHandler } from '../network.ts';
import type { Poller } from './poller.ts';

/** Before a handler is attached, and while bytes wait, they are received here and copied. */
const OWN_LENGTH = 4096;
const NOTHING = new Uint8Array(0);

/**
 * Brings the bytes that a socket receives to a StreamHandler, in place where that can be.
 *
 * Node asks for the buffer of the next read early: when the socket is made (before there is a handler), and
 * right after each read. A buffer of the handler's may be given out then only if no received byte is still to
 * be delivered, for each delivery may change where the next bytes belong. Else the next read goes to a buffer
 * of our own. TLS hands over all that it has decrypted, even where it was paused in the midst of it.
 */
export class Receiver {
  #handler: StreamHandler | null = null;
  #own: Uint8Array = NOTHING;
  /** Whether the buffer that was given out last is the handler's. */
  #inPlace = false;
  /** Bytes that came while paused; the first of them lie in our own buffer. */
  #waiting: Uint8Array = NOTHING;
  #paused = false;
  #stopped = false;
  /** Bytes since the socket last gave way. */
  #sinceRest = 0;
  readonly #poller: Poller | null;

  /** `poller`: told of what comes; null where the loop is to sleep at once. */
  constructor(poller: Poller | null) {
    this.#poller = poller;
  }

  /** The stream's: the socket may read on. */
  rested: () => void = () => undefined;

  get paused(): boolean {
    return this.#paused;
  }

  attach(handler: StreamHandler): void {
    this.#handler = handler;
  }

  /** From now on bytes are dropped, and the handler is not asked again. */
  stop(): void {
    this.#stopped = true;
    this.#waiting = NOTHING;
  }

  pause(): void {
    this.#paused = true;
  }

  /** Delivers what came while paused; true if the socket may read on. Not from inside a call of the handler's. */
  resume(): boolean {
    this.#paused = false;
    this.#deliver(this.#waiting);
    return !this.#paused;
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Where the socket puts the next bytes. */
  nextBuffer(): Uint8Array {
    const handler = this.#handler;
    const mayBeAsked = handler !== null && !this.#stopped && !this.#paused;
    this.#inPlace = mayBeAsked && this.#waiting.length === 0;
    if (handler !== null && this.#inPlace) {
      this.#own = NOTHING;
      return handler.receiveBuffer();
    }
    if (this.#own.length === 0 || this.#waiting.length > 0) this.#own = new Uint8Array(OWN_LENGTH);
    return this.#own;
  }

  /** `length` bytes are at the start of the last buffer. False where so much has come that others are to have their turn first. */
  received(length: number): boolean {
    if (this.#stopped) return true;
    let messages = 0;
    if (this.#inPlace) messages = this.#handler?.received(length) ?? 0;
    else if (this.#waiting.length === 0) messages = this.#deliver(this.#own.subarray(0, length));
    else this.#waiting = Buffer.concat([this.#waiting, this.#own.subarray(0, length)]);
    this.#poller?.input(length, messages);
    this.#sinceRest += length;
    if (this.#sinceRest < StreamLimits.bytesAtATime) return true;
    this.#sinceRest = 0;
    setImmediate(this.rested);
    return false;
  }

  /** Bytes in a buffer of the socket's own, where it can't receive in place. */
  receivedCopy(bytes: Uint8Array): void {
    if (this.#stopped) return;
    const messages = this.#deliver(bytes);
    this.#poller?.input(bytes.length, messages);
  }

  /** Gives how many messages have become whole. */
  #deliver(bytes: Uint8Array): number {
    const handler = this.#handler;
    if (handler === null) throw new Error('bytes came before a handler was attached');
    let at = 0;
    let messages = 0;
    while (at < bytes.length && !this.#paused && !this.#stopped) {
      const buffer = handler.receiveBuffer();
      const length = Math.min(buffer.length, bytes.length - at);
      buffer.set(bytes.subarray(at, at + length));
      at += length;
      messages += handler.received(length);
    }
    this.#waiting = this.#stopped ? NOTHING : bytes.subarray(at);
    return messages;
  }
}
