/**
 * The lost connections of a session of ErrorRecoveryLevel 2, whose commands wait for another connection to take them up (RFC 7143 7.2.2,
 * 13.15, 13.16): for so long, and no longer. What runs goes on meanwhile; nothing is asked for, and nothing sent.
 */
import assert from 'node:assert/strict';
import { IscsiLimits } from '../../limits.ts';
import { TaskResponse } from '../../wire/iscsi/task-management-response.ts';
import type { Parameters } from '../login/parameters.ts';
import type { ScsiTask } from '../transfer/scsi-task.ts';
import type { TaskTable } from '../transfer/task-table.ts';
import { ReassigningConnection } from './reassigning-connection.ts';
import type { SessionConnection } from './session-connection.ts';

interface Lost {
  readonly connection: ReassigningConnection;
  /** Since it was lost, or logged out. */
  looks: number;
}

interface Found {
  readonly lost: ReassigningConnection;
  /** Null: it has been answered. */
  readonly task: ScsiTask | null;
}

/** Its time is up, or it was logged out: its commands are to be aborted. */
export type GivenUp = (connection: SessionConnection, then: () => void) => void;

export class LostConnections {
  readonly #tasks: TaskTable;
  /** The session's: those that are not lost, by connection id. */
  readonly #open: ReadonlyMap<number, SessionConnection>;
  readonly #givenUp: GivenUp;
  readonly #looks: number;
  readonly #retains: boolean;
  /** In the order in which they were lost. */
  #lost: Lost[] = [];
  /** Those that have logged themselves out for recovery, and whose stream has not closed. */
  readonly #leaving = new Set<SessionConnection>();

  constructor(
    tasks: TaskTable,
    open: ReadonlyMap<number, SessionConnection>,
    { time2Wait, time2Retain }: Parameters,
    givenUp: GivenUp,
  ) {
    this.#tasks = tasks;
    this.#open = open;
    this.#givenUp = givenUp;
    this.#retains = time2Retain > 0;
    this.#looks = ((time2Wait + time2Retain) * 1000) / IscsiLimits.lookMilliseconds;
  }

  get isEmpty(): boolean {
    return this.#lost.length === 0;
  }

  /** A connection has closed: whether its commands stay. */
  keep(connection: SessionConnection): boolean {
    this.#leaving.delete(connection);
    assert(connection instanceof ReassigningConnection, 'all connections of a session have its level');
    if (!connection.keepsCommands || !this.#retains) return false;
    this.#tasks.abandonHeld(connection);
    connection.isLost = true;
    this.#lost.push({ connection, looks: 0 });
    return true;
  }

  /** What is kept is bounded for all together: the oldest goes. */
  bound(): void {
    for (let first = this.#lost[0]; first !== undefined && this.#tooMuch; first = this.#lost[0]) {
      this.#giveUp(first, () => {});
    }
  }

  get #tooMuch(): boolean {
    let bytes = 0;
    for (const { connection } of this.#lost) bytes += connection.keptBytes;
    return this.#lost.length > IscsiLimits.connectionsPerSession || bytes > IscsiLimits.keptDataBytes;
  }

  /** Once every `lookMilliseconds`. */
  look(): void {
    for (const lost of [...this.#lost]) {
      lost.looks += 1;
      // The first one may have come at once.
      if (lost.looks > this.#looks + 1) this.#giveUp(lost, () => {});
    }
    this.bound();
  }

  #giveUp(lost: Lost, then: () => void): void {
    this.#lost = this.#lost.filter((other) => other !== lost);
    lost.connection.isLost = false;
    lost.connection.forget();
    this.#givenUp(lost.connection, then);
  }

  /** The session is over. */
  forgetAll(): void {
    for (const { connection } of this.#lost.splice(0)) connection.forget();
  }

  /** The connection is closed, and not for recovery: its commands end with it. */
  discard(connection: SessionConnection | undefined): void {
    assert(connection instanceof ReassigningConnection, 'all connections of a session have its level');
    connection.keepsCommands = false;
  }

  /** The connection logs itself out for recovery. */
  leaving(connection: SessionConnection): void {
    assert(connection instanceof ReassigningConnection, 'all connections of a session have its level');
    connection.loggedOut = true;
    this.#leaving.add(connection);
  }

  /** Removes a lost connection for recovery (11.14.1); false where there is none of this id. Its time begins anew (11.15.4). */
  logOut(connectionId: number): boolean {
    const lost = this.#find(connectionId);
    if (lost === null) return false;
    lost.connection.loggedOut = true;
    lost.looks = 0;
    return true;
  }

  /** Closes a lost connection: calls `then` when its commands are gone. False where there is none of this id. */
  close(connectionId: number, then: () => void): boolean {
    const lost = this.#find(connectionId);
    if (lost !== null) this.#giveUp(lost, then);
    return lost !== null;
  }

  #find(connectionId: number): Lost | null {
    const of = ({ connection }: Lost) => connection.connectionId === connectionId && !connection.loggedOut;
    return this.#lost.find(of) ?? null;
  }

  /** A new command has this tag: no answer to one before is to be had by it, from whichever connection is lost next. */
  reused(tag: number): void {
    for (const { connection } of this.#lost) connection.tagReused(tag);
    for (const connection of this.#open.values()) {
      assert(connection instanceof ReassigningConnection, 'all connections of a session have its level');
      connection.tagReused(tag);
    }
  }

  /** TASK REASSIGN of the command with this tag, which came by `to`; it begins when it has been answered (7.2.2). */
  reassign(to: object, tag: number, expDataSN: number, answer: (response: TaskResponse) => void): void {
    for (const connection of this.#leaving) {
      // What it has handed to its stream is still being sent from there.
      connection.whenGone.push(() => this.reassign(to, tag, expDataSN, answer));
      return connection.connection.stream.destroy('logged out for recovery');
    }
    assert(to instanceof ReassigningConnection, 'all connections of a session have its level');
    const found = this.#taskOf(tag);
    if (found === null) return answer(TaskResponse.taskDoesNotExist);
    if (found === 'allegiant' || !found.lost.loggedOut) return answer(TaskResponse.taskStillAllegiant);
    answer(TaskResponse.functionComplete);
    to.takeUp(found.lost, tag, found.task, expDataSN);
  }

  #taskOf(tag: number): Found | 'allegiant' | null {
    const task = this.#tasks.get(tag);
    if (task === null) {
      const lost = this.#lost.findLast(({ connection }) => connection.hasAnswered(tag));
      return lost === undefined ? null : { lost: lost.connection, task };
    }
    const { path } = task;
    if (!(path instanceof ReassigningConnection) || path.isForgotten) return null;
    return path.isLost ? { lost: path, task } : 'allegiant';
  }
}
