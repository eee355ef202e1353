/**
 * Asks for a sign of life of a whole session (docs/decisions/0006-freshness-of-writes.md). The client has to give it on each of its
 * connections: one that it has given up may still bring a write of before, however much is said on the others.
 */
import type { Ping } from '../../scsi/presence.ts';
import type { Pings } from './pings.ts';

interface PingedConnection {
  readonly pings: Pings;
}

export class SessionPings {
  readonly #connections: ReadonlyMap<number, PingedConnection>;
  /** Asked while there was no connection: the next one is asked. */
  #unasked: (() => void)[] = [];

  constructor(connections: ReadonlyMap<number, PingedConnection>) {
    this.#connections = connections;
  }

  readonly send: Ping = (answered) => {
    if (this.#connections.size === 0) this.#unasked.push(answered);
    else askAll(this.#connections.values(), answered);
  };

  /** A connection has come. */
  joined(): void {
    const unasked = this.#unasked;
    this.#unasked = [];
    for (const answered of unasked) this.send(answered);
  }

  /** A connection has gone, with all that it could still have brought: what it was asked, the others are asked. */
  gone(connection: PingedConnection): void {
    for (const answered of connection.pings.takeUnanswered()) this.send(answered);
  }
}

/** Calls `answered` when each of them has answered: what was sent on them before is there, then. */
export function askAll(connections: Iterable<PingedConnection>, answered: () => void): void {
  const all = [...connections];
  let left = all.length;
  const one = () => {
    left -= 1;
    if (left === 0) answered();
  };
  for (const { pings } of all) pings.send(one);
}
