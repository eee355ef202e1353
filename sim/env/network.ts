import type { Address, ByteStream, Listener, Network } from '../../src/env/network.ts';
import type { SimProcess } from '../world/process.ts';
import { addressKey, type Fabric, type ListenerEntry } from './fabric.ts';

/** A caller sends its SYN again after these pauses (ms), then gives up: Linux with net.ipv4.tcp_syn_retries = 6. */
const SYN_PAUSES: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000];

/** The network as one process sees it. */
export class SimNetwork implements Network {
  readonly #fabric: Fabric;
  readonly #process: SimProcess;
  readonly #host: string;

  constructor(fabric: Fabric, process: SimProcess, host: string) {
    this.#fabric = fabric;
    this.#process = process;
    this.#host = host;
  }

  listen(
    address: Address,
    accepted: (stream: ByteStream) => void,
    turnedAway: ListenerEntry['turnedAway'] = () => undefined,
  ): Promise<Listener> {
    const key = addressKey(address);
    const entry = { process: this.#process, host: this.#host, accepted, turnedAway };
    this.#fabric.listeners.set(key, entry);
    const close = (): void => {
      if (this.#fabric.listeners.get(key) === entry) this.#fabric.listeners.delete(key);
    };
    return Promise.resolve({ address, close });
  }

  connect(
    address: Address,
    connected: (stream: ByteStream) => void,
    failed: (reason: string) => void,
  ): { cancel(): void } {
    const attempt = { cancelled: false };
    this.#call(address, 0, attempt, connected, failed);
    return {
      cancel: () => {
        attempt.cancelled = true;
      },
    };
  }

  #call(
    address: Address,
    tries: number,
    attempt: { readonly cancelled: boolean },
    connected: (stream: ByteStream) => void,
    failed: (reason: string) => void,
  ): void {
    const fabric = this.#fabric;
    const { world } = fabric;
    const host = address.transport === 'unix' ? address.path : address.host;
    const fail = (reason: string): void => {
      world.after(fabric.delay(), this.#process, () => {
        if (!attempt.cancelled) failed(reason);
      });
    };
    world.after(fabric.delay(), null, () => {
      if (attempt.cancelled || !this.#process.alive) return;
      if (fabric.isCut(this.#host, host) || fabric.isCut(host, this.#host)) {
        const pause = SYN_PAUSES[tries];
        if (pause === undefined) return fail('connect ETIMEDOUT');
        const again = (): void => this.#call(address, tries + 1, attempt, connected, failed);
        world.after(pause, null, again);
        return;
      }
      const listener = fabric.listeners.get(addressKey(address));
      if (listener === undefined) return fail('connect ECONNREFUSED');
      if (address.transport === 'tls' && !fabric.haveSameKey(this.#host, address.system)) {
        world.after(0, listener.process, () => listener.turnedAway(this.#host, 'no key'));
        return fail(`${address.system} has not taken the key`);
      }
      const [accepting, calling] = fabric.connection(listener, this.#process, this.#host);
      if (address.transport === 'tls') {
        accepting.provenPeer = this.#host;
        calling.provenPeer = address.system;
      }
      world.after(0, listener.process, () => listener.accepted(accepting));
      world.after(fabric.delay(), this.#process, () => {
        if (!attempt.cancelled) return connected(calling);
        calling.die(true);
      });
    });
  }
}
