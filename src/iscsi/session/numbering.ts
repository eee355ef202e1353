/**
 * The counters of a session (RFC 7143 4.2.2): the order of commands and the window in which they may come, and the
 * order of answers. Commands that come early wait here for those before them.
 */
import { IscsiLimits } from '../../limits.ts';
import type { ResponseCounters } from '../../wire/iscsi/bhs.ts';
import { inWindow, isBefore, next, plus } from '../../wire/iscsi/serial-number.ts';

/** A request that waits for its turn. */
export interface Waiting {
  /** The turn has come. */
  deliver(): void;
}

export type Placing = 'now' | 'later' | 'ignore';

export class Numbering implements ResponseCounters {
  /** The next answer's. */
  statSN: number;
  expCmdSN: number;
  /** Goes up by one with every answer, so that `commandWindow` requests at most are unanswered. */
  maxCmdSN: number;
  /** By CmdSN; null: came and went (it was aborted before its turn). */
  readonly #early = new Map<number, Waiting | null>();
  /** Requests outside the order that must not overtake what was sent before them. */
  readonly #fenced: { readonly cmdSN: number; readonly request: Waiting }[] = [];

  constructor(cmdSN: number, statSN: number) {
    this.expCmdSN = cmdSN;
    this.maxCmdSN = plus(cmdSN, IscsiLimits.commandWindow - 1);
    this.statSN = statSN;
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
      this.#fenced.splice(this.#fenced.indexOf(fenced), 1);
      fenced.request.deliver();
    }
  }

  /** A request that counts in the window has been answered, or never will be: there is room for another. */
  answered(): void {
    this.maxCmdSN = next(this.maxCmdSN);
  }

  nextStatSN(): number {
    const statSN = this.statSN;
    this.statSN = next(statSN);
    return statSN;
  }
}
