/** Of a portal that is being left: who has been asked to log out, and where newcomers are sent. */
import { IscsiLimits } from '../../limits.ts';
import type { Identity } from '../login/login.ts';
import { type Addressee, requestLogout } from '../session/farewell.ts';

/** Where a target is reached instead (host:port); null: nowhere. */
export type Elsewhere = (identity: Identity) => string | null;

const LOGOUT_SECONDS = Math.ceil(IscsiLimits.logoutMilliseconds / 1000);

export class Departure {
  readonly #elsewhere: Elsewhere;
  /** Sessions that may log in again to be sent elsewhere, by initiator. */
  readonly #awaited = new Map<string, number>();

  constructor(elsewhere: Elsewhere) {
    this.#elsewhere = elsewhere;
  }

  /** An initiator that logs out comes back where it was before: if nobody is there, it does not find out where to go. */
  get isAwaited(): boolean {
    return this.#awaited.size > 0;
  }

  ask(session: { readonly connections: readonly Addressee[]; readonly identity: Identity }): void {
    for (const connection of session.connections) requestLogout(connection, LOGOUT_SECONDS);
    const { initiatorName } = session.identity;
    if (this.#elsewhere(session.identity) === null) return;
    this.#awaited.set(initiatorName, (this.#awaited.get(initiatorName) ?? 0) + 1);
  }

  /** The answer to a login. */
  movedTo(identity: Identity): string | null {
    const address = this.#elsewhere(identity);
    const { initiatorName } = identity;
    const others = (this.#awaited.get(initiatorName) ?? 0) - 1;
    if (address !== null && others > 0) this.#awaited.set(initiatorName, others);
    else if (address !== null) this.#awaited.delete(initiatorName);
    return address;
  }
}
