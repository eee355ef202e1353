/** The sessions of a portal, by initiator port and target port (RFC 7143 4.4.3.1: at most one of each pair). */
import type { Identity } from '../login/login.ts';
import type { Session } from '../session/session.ts';

const LAST_TSIH = 0xffff;

export class SessionRegistry {
  readonly #byTsih = new Map<number, Session>();
  readonly #byNexus = new Map<string, Session>();
  #lastTsih = 0;

  /** The normal session that a login with this identity takes the place of. */
  find(identity: Identity): Session | null {
    const key = keyOf(identity);
    return key === null ? null : (this.#byNexus.get(key) ?? null);
  }

  get(tsih: number, isid: string): Session | null {
    const session = this.#byTsih.get(tsih);
    return session?.identity.isid === isid ? session : null;
  }

  get all(): readonly Session[] {
    return [...this.#byTsih.values()];
  }

  /** The oldest that has no connection. */
  get deserted(): Session | null {
    return this.all.find(({ connections }) => connections.length === 0) ?? null;
  }

  /** An unused handle, not 0. There are more of them than connections. */
  newTsih(): number {
    do this.#lastTsih = this.#lastTsih === LAST_TSIH ? 1 : this.#lastTsih + 1;
    while (this.#byTsih.has(this.#lastTsih));
    return this.#lastTsih;
  }

  add(session: Session): void {
    this.#byTsih.set(session.tsih, session);
    const key = keyOf(session.identity);
    if (key !== null) this.#byNexus.set(key, session);
  }

  remove(session: Session): void {
    this.#byTsih.delete(session.tsih);
    const key = keyOf(session.identity);
    if (key !== null && this.#byNexus.get(key) === session) this.#byNexus.delete(key);
  }
}

function keyOf({ initiatorName, isid, port }: Identity): string | null {
  return port === null ? null : `${port.targetName} ${port.portalGroupTag} ${isid} ${initiatorName}`;
}
