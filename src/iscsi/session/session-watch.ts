/**
 * The bounds on what a session waits for (docs/failure-model.md, "Waits and their bounds"): looked at once a second, so that no
 * command has a timer of its own. What is over its bound drops the session: at error recovery level 0 nothing less is left.
 * Only a connection that is silent, where others are not or its commands can be taken up, goes alone.
 */
import { IscsiLimits } from '../../limits.ts';
import type { Connection } from '../connection/connection.ts';
import { Standstill } from '../transfer/standstill.ts';
import type { TaskTable } from '../transfer/task-table.ts';
import type { LostConnections } from './lost-connections.ts';
import type { Numbering } from './numbering.ts';
import type { Pings } from './pings.ts';
import type { TaskManager } from './task-manager.ts';

/** A connection, as it is watched. */
export class ConnectionWatch {
  readonly #connection: Connection;
  readonly #pings: Pings;
  readonly #silence = new Standstill();
  readonly #untaken = new Standstill();

  constructor(connection: Connection, pings: Pings) {
    this.#connection = connection;
    this.#pings = pings;
  }

  /** Once every `lookMilliseconds`: what has been waited for too long, or null. */
  look(): string | null {
    if (this.#connection.closing) return null;
    if (this.#isSilent()) return 'nothing heard from the client, though it was asked';
    return this.#takesNothing() ? 'the client takes no data' : null;
  }

  /** While we don't listen to the client ourselves, its silence says nothing. */
  #isSilent(): boolean {
    const { paused, bytesReceived } = this.#connection;
    const silent = this.#silence.look(paused ? null : bytesReceived);
    // The answer is a sign of life as any other byte is.
    if (silent === IscsiLimits.pingMilliseconds) this.#pings.send(() => {});
    return silent >= IscsiLimits.silenceMilliseconds;
  }

  #takesNothing(): boolean {
    const { unsentBytes, bytesTaken } = this.#connection;
    return this.#untaken.look(unsentBytes > 0 ? bytesTaken : null) >= IscsiLimits.untakenMilliseconds;
  }
}

/** What is watched of a session. */
export interface WatchedSession {
  readonly connections: Iterable<{ readonly watch: ConnectionWatch; dropped(why: string): void }>;
  readonly numbering: Numbering;
  readonly over: boolean;
  readonly lost: LostConnections | null;
  dropSession(why: string): void;
}

export class SessionWatch {
  readonly #session: WatchedSession;
  /** Null in a discovery session. */
  readonly #tasks: TaskTable | null;
  readonly #manager: TaskManager | null;
  readonly #missing = new Standstill();

  constructor(session: WatchedSession, tasks: TaskTable | null, manager: TaskManager | null) {
    this.#session = session;
    this.#tasks = tasks;
    this.#manager = manager;
  }

  /** Once every `lookMilliseconds`. */
  look(): void {
    const session = this.#session;
    for (const connection of session.connections) {
      const why = connection.watch.look();
      if (why !== null) connection.dropped(why);
    }
    session.lost?.look();
    if (session.over) return;
    const why = this.#tooLong();
    if (why !== null) session.dropSession(why);
  }

  #tooLong(): string | null {
    if (this.#lacksCommand()) return 'a command is missing before others';
    return this.#tasks?.look() ?? this.#manager?.look() ?? null;
  }

  #lacksCommand(): boolean {
    const { numbering } = this.#session;
    return this.#missing.look(numbering.waitsFor) >= IscsiLimits.missingCommandMilliseconds;
  }
}
