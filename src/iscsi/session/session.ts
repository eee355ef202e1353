/**
 * A session (RFC 7143 4.2.7): the I_T nexus of one initiator port and one target port, or discovery, and what all its connections
 * share: the order of commands, and the commands themselves.
 */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Log } from '../../env/log.ts';
import type { Stages } from '../../latency/stages.ts';
import type { NexusLoss } from '../../scsi/logical-unit.ts';
import type { TargetPort } from '../../scsi/target-port.ts';
import type { TaskRouter } from '../../scsi/task-router.ts';
import type { LogoutRequest } from '../../wire/iscsi/logout-request.ts';
import type { LogoutResult } from '../../wire/iscsi/logout-response.ts';
import type { Connection } from '../connection/connection.ts';
import type { Identity } from '../login/login.ts';
import type { Parameters } from '../login/parameters.ts';
import type { DiscoveredTarget } from '../portal/discovery.ts';
import type { PortCounters } from '../transfer/port-counters.ts';
import { type TableHost, TaskTable } from '../transfer/task-table.ts';
import type { ConnectionHost, ConnectionTerms } from './connection-host.ts';
import { announceDropOf } from './farewell.ts';
import { type LeavableSession, logout } from './logout.ts';
import { type GivenUp, LostConnections } from './lost-connections.ts';
import { Numbering } from './numbering.ts';
import { ReassigningConnection } from './reassigning-connection.ts';
import { RecoveringConnection } from './recovering-connection.ts';
import { SessionConnection } from './session-connection.ts';
import { askAll, SessionPings } from './session-pings.ts';
import { SessionWatch } from './session-watch.ts';
import { TaskManager } from './task-manager.ts';

export interface SessionOptions {
  readonly identity: Identity;
  /** Of the leading connection: its session-wide ones hold for all. */
  readonly parameters: Parameters;
  readonly cmdSN: number;
  readonly tsih: number;
  readonly router: TaskRouter;
  readonly pool: BufferPool;
  readonly log: Log;
  readonly counters: PortCounters;
  readonly stages: Stages;
  /** `at`: the address that the initiator has connected to. */
  readonly targets: (at: string) => readonly DiscoveredTarget[];
  /** The session is over: its nexus is closed. */
  readonly ended: (session: Session) => void;
}

export class Session implements ConnectionHost, TableHost, LeavableSession {
  readonly identity: Identity;
  readonly tsih: number;
  readonly parameters: Parameters;
  readonly numbering: Numbering;
  readonly pool: BufferPool;
  readonly targets: (at: string) => readonly DiscoveredTarget[];
  /** Null in a discovery session. */
  readonly tasks: TaskTable | null;
  readonly manager: TaskManager | null;
  readonly lost: LostConnections | null;
  readonly watch: SessionWatch;
  readonly #options: SessionOptions;
  /** By connection id (CID). One that has closed stays until the units have let go of its commands. */
  readonly #connections = new Map<number, SessionConnection>();
  readonly #pings = new SessionPings(this.#connections);
  /** Logins that are about to bring a connection in place of one that goes. */
  #joining = 0;
  #why: NexusLoss | null = null;
  #over = false;
  readonly #whenOver: (() => void)[] = [];

  constructor(options: SessionOptions) {
    const { identity, router } = options;
    this.#options = options;
    this.identity = identity;
    this.tsih = options.tsih;
    this.parameters = options.parameters;
    this.pool = options.pool;
    this.targets = options.targets;
    this.numbering = new Numbering(options.cmdSN);
    const { initiatorName, isid, port } = identity;
    const open = (at: TargetPort) =>
      router.openNexus(initiatorName, isid, at, this.#pings.send, () => this.finish());
    this.tasks = port === null ? null : new TaskTable(this, open(port), options);
    const recovers = this.tasks !== null && this.parameters.errorRecoveryLevel === 2;
    this.lost = recovers
      ? new LostConnections(this.tasks, this.#connections, this.parameters, this.#givenUp)
      : null;
    this.manager = this.tasks === null ? null : new TaskManager(this.tasks, this.lost);
    this.watch = new SessionWatch(this, this.tasks, this.manager);
  }

  get connections(): readonly SessionConnection[] {
    return [...this.#connections.values()];
  }

  get commandsOutstanding(): number {
    return this.tasks?.size ?? 0;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Whether there is room for a connection with this id. */
  admits(connectionId: number): boolean {
    return this.#connections.has(connectionId) || this.#connections.size < this.parameters.maxConnections;
  }

  /**
   * Connection reinstatement (6.3.4): a login with the id of a connection that there is logs that out, and takes its place. `then` is
   * called when it has gone, or the session is over; it joins, or does not.
   */
  makeRoom(connectionId: number, then: () => void): void {
    const remove = () => this.remove(connectionId, 'reinstated by a new login', removed);
    const removed = () => {
      // Another login may have been as quick.
      if (!this.#over && this.#connections.has(connectionId)) return remove();
      this.#joining -= 1;
      // An implicit logout (6.3.4): at level 2 for recovery.
      this.lost?.logOut(connectionId);
      then();
      if (!this.#isHeld) this.#end('connectionLost');
    };
    this.#joining += 1;
    remove();
  }

  join(connection: Connection, terms: ConnectionTerms): void {
    const joined = new (this.#connectionClass(terms))(this, connection, terms);
    this.#connections.set(terms.connectionId, joined);
    connection.become(joined);
    this.#pings.joined();
  }

  #connectionClass({ parameters }: ConnectionTerms): typeof SessionConnection {
    if (this.lost !== null) return ReassigningConnection;
    return parameters.errorRecoveryLevel > 0 ? RecoveringConnection : SessionConnection;
  }

  remove(connectionId: number, why: string, then: () => void): void {
    const connection = this.#connections.get(connectionId);
    if (connection === undefined || this.#over) return then();
    connection.whenGone.push(then);
    connection.connection.drop(why);
  }

  /** The client holds the session by a connection, or is about to; or may come back to what it has lost. */
  get #isHeld(): boolean {
    return (this.lost !== null && !this.lost.isEmpty) || this.isHeldBesides(null);
  }

  isHeldBesides(leaving: SessionConnection | null): boolean {
    return this.#joining > 0 || this.connections.some((one) => one !== leaving && !one.isClosed);
  }

  connectionClosed(connection: SessionConnection): void {
    const joined = this.#connections.get(connection.connectionId) === connection;
    const ends = this.#over || this.#why !== null;
    if (joined && !ends && this.lost?.keep(connection)) {
      this.#gone(connection);
      return this.lost.bound();
    }
    connection.forget();
    if (!joined) return;
    if (ends || !this.#isHeld) return this.#end('connectionLost');
    this.#abortCommandsOf(connection, () => this.#gone(connection));
  }

  /** Nobody has taken up the commands of a connection, and nobody can any more. */
  readonly #givenUp: GivenUp = (connection, then) => {
    if (this.#isHeld) return this.#abortCommandsOf(connection, then);
    this.#end('connectionLost');
    then();
  };

  /** Below error recovery level 2 the commands of a connection end with it (7.14, 7.15): nobody can take them up. */
  #abortCommandsOf(connection: SessionConnection, then: () => void): void {
    this.numbering.forget(connection);
    if (this.tasks === null) then();
    else this.tasks.abortAll(connection, then);
  }

  #gone(connection: SessionConnection): void {
    this.#connections.delete(connection.connectionId);
    this.#pings.gone(connection);
    for (const then of connection.whenGone.splice(0)) then();
    if (!this.#isHeld) this.#end('connectionLost');
  }

  settleOthers(than: SessionConnection, then: () => void): void {
    const others = this.connections.filter((connection) => connection !== than && !connection.isClosed);
    if (others.length === 0) then();
    else askAll(others, then);
  }

  logout(by: SessionConnection, pdu: LogoutRequest, done: (result: LogoutResult) => void): void {
    logout(this, by, pdu, done);
  }

  connection(connectionId: number): SessionConnection | null {
    return this.#connections.get(connectionId) ?? null;
  }

  takeOut(connection: SessionConnection, then: () => void): void {
    this.#abortCommandsOf(connection, () => {
      this.#gone(connection);
      then();
    });
  }

  endByLogout(by: SessionConnection, closed: () => void): void {
    // What a client sends behind its logout is not worth an answer.
    if (by.receiving) return this.end('logout', 'data behind a logout');
    this.#whenOver.push(closed);
    for (const { connection } of this.connections)
      if (connection !== by.connection) connection.drop('logged out');
    this.#end('logout');
  }

  connectionDropped(connection: SessionConnection, why: string): void {
    if (this.#connections.size === 1 && this.lost === null) return this.dropSession(why);
    const other = this.connections.find((one) => one !== connection && !one.connection.closing);
    if (this.lost !== null && other !== undefined) announceDropOf(connection.connectionId, other);
    const fields = { ...this.#logFields(), connection: connection.connectionId };
    this.#options.log.warn(fields, `connection dropped: ${why}`);
    connection.connection.drop(why);
  }

  dropSession(why: string): void {
    this.#options.log.warn(this.#logFields(), `session dropped: ${why}`);
    this.end('linkLost', why);
  }

  #logFields(): Record<string, string | undefined> {
    const remote = this.connections[0]?.connection.stream.remoteAddress;
    return { remote, initiator: this.identity.initiatorName };
  }

  /** Closes the connections without an answer to anything; `then` is called when the nexus is closed. */
  end(why: NexusLoss, reason: string, then?: () => void): void {
    for (const { connection } of this.connections) connection.drop(reason);
    this.#end(why);
    if (then === undefined) return;
    if (this.#over) then();
    else this.#whenOver.push(then);
  }

  /** Lets what runs come to its end, and takes nothing new. */
  drain(): void {
    this.tasks?.drain();
  }

  /** Sends what waits, and closes. */
  finish(): void {
    for (const { connection } of this.connections) connection.finish();
    this.#end('connectionLost');
  }

  /** Data may still be received into a unit's buffer until its stream has closed. */
  #end(why: NexusLoss): void {
    this.#why ??= why;
    this.numbering.close();
    if (!this.connections.some(({ receiving }) => receiving)) this.#becomeOver();
  }

  #becomeOver(): void {
    if (this.#over) return;
    this.#over = true;
    this.lost?.forgetAll();
    if (this.tasks !== null) {
      this.tasks.close();
      this.#options.router.closeNexus(this.tasks.nexus, this.#why ?? 'connectionLost');
    }
    this.#options.ended(this);
    for (const then of this.#whenOver.splice(0)) then();
    for (const { whenGone } of this.connections) for (const then of whenGone.splice(0)) then();
  }
}
