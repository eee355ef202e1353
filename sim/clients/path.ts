/** One way of a client's to a storage system: a session that is made anew when it ends, and which units answer on it. */
import type { Address } from '../../src/env/network.ts';
import type { Sense } from '../../src/wire/scsi/sense.ts';
import { type Attentions, NexusAttentions } from '../checkers/attentions.ts';
import type { NexusName } from '../checkers/reservation-model.ts';
import type { Reservations } from '../checkers/reservations.ts';
import type { SimNetwork } from '../env/network.ts';
import type { SimEvent } from '../world/event-queue.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { type CheckOwner, PathCheck } from './path-check.ts';
import type { SessionTraits } from './requests.ts';
import { ClientSession, type SessionOwner } from './session.ts';

export interface PathOptions {
  readonly system: string;
  readonly address: Address;
  readonly initiatorName: string;
  readonly isid: string;
  readonly targetName: string;
  /** The units that the port shows, by LUN. */
  readonly luns: readonly number[];
  /** By LUN. */
  readonly owners: readonly string[];
  readonly attentions: Attentions;
  /** By LUN. */
  readonly reservations: readonly Reservations[];
  readonly session: SessionTraits;
  readonly commandTimeout: number;
}

export interface PathOwner {
  /** A unit answers on the path (again). */
  pathWorks(): void;
  /** A session is there. If there was one before, of this life or an earlier one, what that had running has been ended. */
  pathReinstated(path: Path): void;
}

const CONNECT_TIMEOUT = 2_000;
const LOGIN_TIMEOUT = 2_000;

export class Path implements SessionOwner, CheckOwner {
  readonly options: PathOptions;
  session: ClientSession | null = null;
  readonly #world: World;
  readonly #process: SimProcess;
  readonly #network: SimNetwork;
  readonly #owner: PathOwner;
  readonly #works = new Set<number>();
  readonly #checks = new Map<number, PathCheck>();
  #isUp = false;
  #leaving = false;

  constructor(
    world: World,
    process: SimProcess,
    network: SimNetwork,
    options: PathOptions,
    owner: PathOwner,
  ) {
    this.#world = world;
    this.#process = process;
    this.#network = network;
    this.options = options;
    this.#owner = owner;
  }

  start(): void {
    const connecting = this.#network.connect(
      this.options.address,
      (stream) => {
        timer.run = null;
        const login = { InitiatorName: this.options.initiatorName, TargetName: this.options.targetName };
        const session = new ClientSession(stream, login, this.options.isid, this.options.session, this);
        this.session = session;
        this.#timer(LOGIN_TIMEOUT, () => {
          if (this.session === session && !this.#isUp) session.drop();
        });
      },
      () => {
        timer.run = null;
        this.#startLater();
      },
    );
    const timer = this.#timer(CONNECT_TIMEOUT, () => {
      connecting.cancel();
      this.#startLater();
    });
  }

  get nexus(): NexusName {
    return `${this.options.initiatorName},${this.options.isid}`;
  }

  /** The unit is the system's own. */
  isDirect(lun: number): boolean {
    return this.options.system === this.options.owners[lun];
  }

  works(lun: number): boolean {
    return this.#works.has(lun);
  }

  /** The unit did not answer as it should: it is not used on this path until it is ready again. */
  failed(lun: number): void {
    if (this.#works.delete(lun)) this.#checks.get(lun)?.checkLater();
  }

  /** Ends the session for good. */
  leave(): void {
    this.#leaving = true;
    for (const check of this.#checks.values()) check.stop();
    this.session?.logout(() => {});
  }

  get now(): number {
    return this.#world.now;
  }

  loggedIn(): void {
    this.#isUp = true;
    this.#owner.pathReinstated(this);
    for (const lun of this.options.luns) this.#startCheck(lun);
  }

  attention(lun: number, sense: Sense, sent: number): void {
    this.#checks.get(lun)?.attention(sense, sent);
  }

  ended(): void {
    for (const check of this.#checks.values()) check.stop();
    this.#checks.clear();
    this.session = null;
    this.#isUp = false;
    this.#works.clear();
    this.#startLater();
  }

  #startLater(): void {
    if (this.#leaving) return;
    this.#timer(this.#world.prng.between(50, 500), () => this.start());
  }

  #startCheck(lun: number): void {
    const { session } = this;
    if (session === null) return;
    const { attentions, system, owners, commandTimeout } = this.options;
    const reservations = this.options.reservations[lun];
    if (reservations === undefined) throw new Error(`no unit ${lun}`);
    const place = { unit: lun, system, owner: owners[lun] ?? '', nexus: this.nexus };
    const seen = new NexusAttentions(attentions, reservations, place, this.#world.now);
    const check = new PathCheck(this.#world, this.#process, session, lun, commandTimeout, seen, this);
    this.#checks.set(lun, check);
    check.start();
  }

  becameUnready(lun: number): void {
    this.#works.delete(lun);
  }

  becameReady(lun: number): void {
    this.#works.add(lun);
    this.#owner.pathWorks();
  }

  #timer(milliseconds: number, run: () => void): SimEvent {
    return this.#world.at(this.#world.now + milliseconds, this.#process, run, true);
  }
}
