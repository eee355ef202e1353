/**
 * An address on which iSCSI connections are accepted, for one or several target ports: a physical one and the virtual
 * ones that share it. The TargetName of the login tells which port is meant.
 */
import assert from 'node:assert/strict';
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Timer } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import type { Log } from '../../env/log.ts';
import type { Address, ByteStream, Listener } from '../../env/network.ts';
import type { Stages } from '../../latency/stages.ts';
import { IscsiLimits } from '../../limits.ts';
import type { TargetPort } from '../../scsi/target-port.ts';
import type { TaskRouter } from '../../scsi/task-router.ts';
import { LoginStatus } from '../../wire/iscsi/login-status.ts';
import { Connection, type Phase } from '../connection/connection.ts';
import type { Access } from '../login/access.ts';
import { normalName } from '../login/iscsi-name.ts';
import type { Identity, Login } from '../login/login.ts';
import { type LoggedIn, type LoginHost, LoginPhase } from '../login/login-phase.ts';
import { announceDrop } from '../session/farewell.ts';
import { Session } from '../session/session.ts';
import { newPortCounters, type PortCounters } from '../transfer/port-counters.ts';
import { ConnectionCaps } from './connection-caps.ts';
import { Departure, type Elsewhere } from './departure.ts';
import type { DiscoveredTarget } from './discovery.ts';
import { SessionRegistry } from './session-registry.ts';

export interface PortalOptions {
  readonly address: Address;
  /** With different target names. */
  readonly ports: readonly TargetPort[];
  readonly router: TaskRouter;
  readonly pool: BufferPool;
  readonly log: Log;
  readonly stages: Stages;
  /** The process's: see the invariant of Deframer. */
  readonly receiveBuffer: Uint8Array;
  readonly access: Access;
  /** What an initiator is shown by SendTargets. `at`: the address that it has connected to. */
  readonly discovery: (initiatorName: string, at: string) => readonly DiscoveredTarget[];
}

export interface SessionStatus {
  readonly initiatorName: string;
  /** 12 hexadecimal digits. */
  readonly isid: string;
  readonly tsih: number;
  /** The name of the target port. */
  readonly port: string;
  /** In the order in which they joined. */
  readonly connections: readonly { readonly connectionId: number; readonly remoteAddress: string }[];
  readonly commandsOutstanding: number;
}

/** What has gone through one port, and who is logged in to it. */
export interface PortTraffic extends Readonly<PortCounters> {
  readonly port: string;
  readonly sessions: number;
}

const CHECK_MILLISECONDS = 20;

export class Portal {
  readonly #env: Env;
  readonly #options: PortalOptions;
  readonly #ports = new Map<string, TargetPort>();
  readonly #counters = new Map<string, PortCounters>();
  readonly #caps = new ConnectionCaps();
  readonly #sessions = new SessionRegistry();
  readonly #connections = new Set<Connection>();
  #listener: Listener | null = null;
  #looking: Timer | null = null;
  #closing = false;
  #departure: Departure | null = null;

  constructor(env: Env, options: PortalOptions) {
    this.#env = env;
    this.#options = options;
    for (const port of options.ports) {
      const name = normalName(port.targetName);
      assert(name !== null && !this.#ports.has(name), 'the ports of a portal have target names of their own');
      this.#ports.set(name, port);
      this.#counters.set(port.name, newPortCounters());
    }
  }

  /** Rejects with an Error whose `code` is the errno name. */
  async listen(): Promise<void> {
    this.#listener = await this.#env.network.listen(this.#options.address, (stream) => this.#accept(stream));
    this.#look();
  }

  /** One timer for all sessions. */
  #look(): void {
    for (const session of this.#sessions.all) session.watch.look();
    this.#looking = this.#env.clock.after(IscsiLimits.lookMilliseconds, () => this.#look());
  }

  /** Where it listens: with the real port number where 0 was asked for. */
  get address(): Address {
    return this.#listener?.address ?? this.#options.address;
  }

  /** The normal sessions. One for discovery has no port. */
  sessions(): SessionStatus[] {
    return this.#sessions.all.flatMap((session) => {
      const { initiatorName, isid, port } = session.identity;
      if (port === null) return [];
      const { tsih, commandsOutstanding } = session;
      const connections = session.connections.map(({ connectionId, connection }) => ({
        connectionId,
        remoteAddress: connection.stream.remoteAddress,
      }));
      return [{ initiatorName, isid, tsih, port: port.name, connections, commandsOutstanding }];
    });
  }

  traffic(): PortTraffic[] {
    const sessions = this.#sessions.all;
    return [...this.#counters].map(([port, counters]) => ({
      port,
      ...counters,
      sessions: sessions.filter(({ identity }) => identity.port?.name === port).length,
    }));
  }

  /**
   * Asks all sessions to log out, and sends away who logs in (RFC 7143 11.9.1, 11.13.5), until all are gone and have been sent to where
   * their target is too, or their time is up. To be closed then.
   */
  async leave(elsewhere: Elsewhere): Promise<void> {
    const departure = new Departure(elsewhere);
    this.#departure = departure;
    for (const session of this.#sessions.all) {
      if (session.connections.length === 0) session.end('connectionLost', 'the system is stopping');
      else departure.ask(session);
    }
    await this.#until(
      IscsiLimits.logoutMilliseconds,
      () => this.#sessions.all.length === 0 && !departure.isAwaited,
    );
    for (const { connections } of this.#sessions.all) for (const to of connections) announceDrop(to);
  }

  /** Accepts nothing new, lets the commands that run come to their end within a bound, and closes the sessions. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#listener?.close();
    this.#looking?.cancel();
    for (const session of this.#sessions.all) session.drain();
    await this.#until(IscsiLimits.drainMilliseconds, () =>
      this.#sessions.all.every(
        ({ commandsOutstanding, connections }) => commandsOutstanding === 0 || connections.length === 0,
      ),
    );
    for (const session of this.#sessions.all) session.finish();
    for (const connection of [...this.#connections]) connection.drop('the portal closes');
  }

  /** Resolves when it holds, or after so long. */
  async #until(milliseconds: number, holds: () => boolean): Promise<void> {
    const { clock } = this.#env;
    const deadline = clock.now() + milliseconds;
    while (clock.now() < deadline && !holds()) {
      await new Promise<void>((resolve) => clock.after(CHECK_MILLISECONDS, resolve));
    }
  }

  #accept(stream: ByteStream): void {
    const { pool, log, receiveBuffer, stages } = this.#options;
    const verdict = this.#closing ? 'drop' : this.#caps.add(stream.remoteAddress);
    const connection = new Connection(stream, this.#env.clock, pool, log, receiveBuffer, stages);
    stream.attach(connection);
    if (verdict === 'drop') return connection.drop('too many connections');
    this.#connections.add(connection);
    connection.whenClosed = () => {
      this.#connections.delete(connection);
      this.#caps.remove(stream.remoteAddress);
    };
    connection.become(this.#loginPhase(connection, verdict === 'refuse'));
  }

  #loginPhase(connection: Connection, refused: boolean): Phase {
    const host: LoginHost = {
      findPort: (targetName) => this.#ports.get(targetName) ?? null,
      findSession: (tsih, isid) => this.#sessions.get(tsih, isid),
      movedTo: (identity) => this.#departure?.movedTo(identity),
      access: this.#options.access,
      random: this.#env.random,
      refusal: () => (refused ? LoginStatus.outOfResources : null),
      admit: (login, connectionId, admitted) => {
        if (login.joins === null) this.#admit(login, admitted);
        else this.#admitTo(connection, login, connectionId, admitted);
      },
      begin: (tsih, loggedIn) => this.#begin(connection, tsih, loggedIn),
    };
    return new LoginPhase(connection, host, this.#env.clock);
  }

  /** Session reinstatement (RFC 7143 6.3.5): the old session is over before the new one is. */
  #admit(login: Login, admitted: (tsih: number) => void): void {
    const { identity } = login;
    assert(identity !== null, 'a finished login has an identity');
    const old = this.#sessions.find(identity);
    if (old === null) return admitted(this.#sessions.newTsih());
    const { initiatorName, isid } = identity;
    this.#options.log.info({ initiator: initiatorName, isid }, 'session reinstated');
    old.end('reinstated', 'reinstated by a new login', () => this.#admit(login, admitted));
  }

  /** A session that exists gets another connection, or one in place of its own. */
  #admitTo(
    connection: Connection,
    login: Login,
    connectionId: number,
    admitted: (tsih: number) => void,
  ): void {
    const session = this.#sessions.all.find((one) => one === login.joins);
    if (session === undefined || !session.admits(connectionId))
      return connection.drop('no room in its session');
    session.makeRoom(connectionId, () => {
      if (session.over) connection.drop('its session is over');
      else admitted(session.tsih);
    });
  }

  #begin(connection: Connection, tsih: number, loggedIn: LoggedIn): void {
    const { identity } = loggedIn.login;
    assert(identity !== null, 'a finished login has an identity');
    const { parameters } = loggedIn;
    connection.maxReceiveSegmentLength = parameters.maxReceiveSegmentLength;
    connection.useDigests(parameters.headerDigest, parameters.dataDigest);
    const { initiatorName, isid, port } = identity;
    const session = this.#sessions.get(tsih, isid) ?? this.#newSession(tsih, identity, loggedIn);
    session.join(connection, loggedIn);
    const remote = connection.stream.remoteAddress;
    const fields = { remote, initiator: initiatorName, isid, port: port?.name ?? 'discovery' };
    const joined = loggedIn.login.joins !== null;
    if (joined) this.#options.log.info({ ...fields, connection: loggedIn.connectionId }, 'connection joined');
    else this.#options.log.info(fields, 'session begun');
    if (!joined) this.#departure?.ask(session);
  }

  #newSession(tsih: number, identity: Identity, { parameters, cmdSN }: LoggedIn): Session {
    const { router, pool, log, stages, discovery } = this.#options;
    const session = new Session({
      identity,
      parameters,
      cmdSN,
      tsih,
      router,
      pool,
      log,
      stages,
      counters: this.#counters.get(identity.port?.name ?? '') ?? newPortCounters(),
      targets: (at) => discovery(identity.initiatorName, at),
      ended: (ended) => this.#sessions.remove(ended),
    });
    this.#sessions.add(session);
    // There are no more connections than that: one or more sessions have lost theirs, and wait for them to come back.
    const over = this.#sessions.all.length > IscsiLimits.maxConnections;
    if (over) this.#sessions.deserted?.end('connectionLost', 'too many sessions without a connection');
    return session;
  }
}
