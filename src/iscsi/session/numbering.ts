/**
 * The order of a session's commands, whichever connection they come by, and the window in which they may come (RFC 7143 4.2.2.1).
 * Commands that come early wait here for those before them.
 */
import { IscsiLimits } from '../../limits.ts';
import { inWindow, isBefore, next, plus } from '../../wire/iscsi/serial-number.ts';

/** A request that waits for its turn. */
export interface Waiting {
  /** By which it has come: what waits is lost with it. */
  readonly path: object;
  /** The turn has come. */
  deliver(): void;
}

export type Placing = 'now' | 'later' | 'ignore';

export class Numbering {
  expCmdSN: number;
  /** Goes up by one with every answer, so that `commandWindow` requests at most are unanswered. */
  maxCmdSN: number;
  /** By CmdSN; null: came and went (it was aborted before its turn). */
  readonly #early = new Map<number, Waiting | null>();
  /** Requests outside the order that must not overtake what was sent before them. */
  readonly #fenced: { readonly cmdSN: number; readonly request: Waiting }[] = [];

  constructor(cmdSN: number) {
    this.expCmdSN = cmdSN;
    this.maxCmdSN = plus(cmdSN, IscsiLimits.commandWindow - 1);
  }

  /** Where a request that is not immediate belongs. 'now' counts it as delivered. */
  place(cmdSN: number): Placing {
    if (cmdSN === this.expCmdSN && !isBefore(this.maxCmdSN, cmdSN)) {
      this.expCmdSN = next(cmdSN);
      return 'now';
    }
    if (!inWindow(cmdSN, this.expCmdSN, this.maxCmdSN) || this.#early.has(cmdSN)) return 'ignore';
    return 'later';
  }

  /** The CmdSN of the request that others wait for, or null. */
  get waitsFor(): number | null {
    return this.#early.size > 0 || this.#fenced.length > 0 ? this.expCmdSN : null;
  }

  hold(cmdSN: number, request: Waiting): void {
    this.#early.set(cmdSN, request);
  }

  /** Counts a command as received that will never be delivered (RFC 7143 11.5.1, ABORT TASK). */
  plug(cmdSN: number): void {
    this.#early.set(cmdSN, null);
    this.deliverEarly();
  }

  /** Delivers `request` when everything before `cmdSN` has been. */
  fence(cmdSN: number, request: Waiting): void {
    this.#fenced.push({ cmdSN, request });
    this.#deliverFenced();
  }

  /** To be called when a request that was placed 'now' has been delivered. */
  deliverEarly(): void {
    while (this.#early.size > 0) {
      const request = this.#early.get(this.expCmdSN);
      if (request === undefined) break;
      this.#early.delete(this.expCmdSN);
      this.expCmdSN = next(this.expCmdSN);
      if (request === null) this.answered();
      else request.deliver();
    }
    if (this.#fenced.length > 0) this.#deliverFenced();
  }

  #deliverFenced(): void {
    const ready = this.#fenced.filter(({ cmdSN }) => !isBefore(this.expCmdSN, cmdSN));
    for (const fenced of ready) {
      const at = this.#fenced.indexOf(fenced);
      // One before it may have ended the session.
      if (at < 0) continue;
      this.#fenced.splice(at, 1);
      fenced.request.deliver();
    }
  }

  /** The session is over, perhaps by a request that is being delivered: nothing that waits is delivered any more. */
  close(): void {
    this.#early.clear();
    this.#fenced.length = 0;
  }

  /** A request that counts in the window has been answered, or never will be: there is room for another. */
  answered(): void {
    this.maxCmdSN = next(this.maxCmdSN);
  }

  /** A connection is gone: what waited and came by it has not come (RFC 7143 7.2.1: it may be sent again). */
  forget(path: object): void {
    for (const [cmdSN, request] of this.#early) if (request?.path === path) this.#early.delete(cmdSN);
    const stay = this.#fenced.filter(({ request }) => request.path !== path);
    this.#fenced.splice(0, this.#fenced.length, ...stay);
  }

  /** It has come before: not to be taken for another command (4.2.2.1). */
  isKnown(cmdSN: number): boolean {
    return isBefore(cmdSN, this.expCmdSN) || this.#early.has(cmdSN);
  }
}
