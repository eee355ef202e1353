/** A stream and a clock without a kernel behind them: what remains is the program's own time. */
import assert from 'node:assert/strict';
import type { Clock, Timer } from '../../src/env/clock.ts';
import type { Env } from '../../src/env/env.ts';
import type { ByteStream, Network, StreamHandler } from '../../src/env/network.ts';

export class MemoryStream implements ByteStream {
  readonly localAddress = 'memory';
  readonly remoteAddress = 'memory';
  readonly bytesAreSafe = true;
  readonly provenPeer = null;
  readonly unsentBytes = 0;
  /** Bytes that were written so far. */
  sentBytes = 0;
  /** Why the stream was ended from this side; null while it was not. */
  ending: string | null = null;
  /** Sees what is written. */
  watch: ((chunks: readonly Uint8Array[]) => void) | null = null;
  #handler: StreamHandler | null = null;
  #written: (() => void)[] = [];

  attach(handler: StreamHandler): void {
    this.#handler = handler;
  }

  /** The peer sends; one receive buffer after the other is filled. */
  deliver(bytes: Uint8Array): void {
    assert.ok(this.#handler !== null);
    receive(this.#handler, bytes);
  }

  write(chunks: readonly Uint8Array[], written: () => void): void {
    for (const chunk of chunks) this.sentBytes += chunk.length;
    this.watch?.(chunks);
    this.#written.push(written);
  }

  /** What was written has been sent. */
  acknowledge(): void {
    const written = this.#written;
    this.#written = [];
    for (const call of written) call();
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.ending = 'ended';
  }

  destroy(reason: string): void {
    this.ending = reason;
  }
}

/** Fills one receive buffer after the other. */
export function receive(handler: StreamHandler, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const buffer = handler.receiveBuffer();
    const length = Math.min(buffer.length, bytes.length - at);
    buffer.set(bytes.subarray(at, at + length));
    handler.received(length);
    at += length;
  }
}

/** With that clock and network, no disk, and no chance. */
export function memoryEnv(clock: Clock, network: Network): Env {
  const missing = () => Promise.reject(new Error('there is no disk'));
  return {
    clock,
    network,
    random: { bytes: (length) => new Uint8Array(length) },
    disk: { openFile: missing, createFile: missing, openDevice: missing },
  };
}

/** Turns end when they are told to; timers never fire. */
export class TurnClock implements Clock {
  #atEnd: (() => void)[] = [];

  now(): number {
    return performance.now();
  }

  wallTime(): number {
    return 0;
  }

  after(): Timer {
    return { cancel() {} };
  }

  endOfTurn(run: () => void): void {
    this.#atEnd.push(run);
  }

  endTurn(): void {
    while (this.#atEnd.length > 0) {
      const calls = this.#atEnd;
      this.#atEnd = [];
      for (const call of calls) call();
    }
  }
}
