/** How many connections a portal keeps, in all and from one address. */
import { IscsiLimits } from '../../limits.ts';

/** 'refuse': it may ask to log in, and is told that there is no room. 'drop': not even that. */
export type Verdict = 'accept' | 'refuse' | 'drop';

export class ConnectionCaps {
  readonly #byHost = new Map<string, number>();
  #total = 0;

  /** Counts a connection, unless it is to be dropped. */
  add(remoteAddress: string): Verdict {
    const host = hostOf(remoteAddress);
    const fromHost = this.#byHost.get(host) ?? 0;
    if (this.#total >= IscsiLimits.maxConnections + IscsiLimits.refusedConnections) return 'drop';
    this.#total += 1;
    this.#byHost.set(host, fromHost + 1);
    const full = this.#total > IscsiLimits.maxConnections || fromHost >= IscsiLimits.maxConnectionsPerAddress;
    return full ? 'refuse' : 'accept';
  }

  remove(remoteAddress: string): void {
    const host = hostOf(remoteAddress);
    const left = (this.#byHost.get(host) ?? 0) - 1;
    this.#total -= 1;
    if (left > 0) this.#byHost.set(host, left);
    else this.#byHost.delete(host);
  }
}

function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  return colon < 0 ? address : address.slice(0, colon);
}
