/**
 * The bounds on what a session waits for (docs/failure-model.md, "Waits and their bounds"): looked at once a second, so that no
 * command has a timer of its own. What is over its bound drops the session: at error recovery level 0 nothing less is left.
 */
import { IscsiLimits } from '../../limits.ts';
import type { Connection } from '../connection/connection.ts';
import { Standstill } from '../transfer/standstill.ts';
import type { TaskTable } from '../transfer/task-table.ts';
import type { Numbering } from './numbering.ts';
import type { Pings } from './pings.ts';
import type { TaskManager } from './task-manager.ts';

/** What is watched of a session. */
export interface WatchedSession {
  readonly connection: Connection;
  readonly numbering: Numbering;
  dropSession(why: string): void;
}

export class SessionWatch {
  readonly #session: WatchedSession;
  readonly #pings: Pings;
  /** Null in a discovery session. */
  readonly #tasks: TaskTable | null;
  readonly #manager: TaskManager | null;
  readonly #silence = new Standstill();
  readonly #untaken = new Standstill();
  readonly #missing = new Standstill();

  constructor(session: WatchedSession, pings: Pings, tasks: TaskTable | null, manager: TaskManager | null) {
    this.#session = session;
    this.#pings = pings;
    this.#tasks = tasks;
    this.#manager = manager;
  }

  /** Once every `lookMilliseconds`. */
  look(): void {
    if (this.#session.connection.closing) return;
    const why = this.#tooLong();
    if (why !== null) this.#session.dropSession(why);
  }

  #tooLong(): string | null {
    if (this.#isSilent()) return 'nothing heard from the client, though it was asked';
    if (this.#takesNothing()) return 'the client takes no data';
    if (this.#lacksCommand()) return 'a command is missing before others';
    return this.#tasks?.look() ?? this.#manager?.look() ?? null;
  }

  /** While we don't listen to the client ourselves, its silence says nothing. */
  #isSilent(): boolean {
    const { connection } = this.#session;
    const silent = this.#silence.look(connection.paused ? null : connection.bytesReceived);
    // The answer is a sign of life as any other byte is.
    if (silent === IscsiLimits.pingMilliseconds) this.#pings.send(() => {});
    return silent >= IscsiLimits.silenceMilliseconds;
  }

  #takesNothing(): boolean {
    const { connection } = this.#session;
    const untaken = this.#untaken.look(connection.unsentBytes > 0 ? connection.bytesTaken : null);
    return untaken >= IscsiLimits.untakenMilliseconds;
  }

  #lacksCommand(): boolean {
    const { numbering } = this.#session;
    return this.#missing.look(numbering.waitsFor) >= IscsiLimits.missingCommandMilliseconds;
  }
}
