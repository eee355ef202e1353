/** One way of a client's to a storage system: a session that is made anew when it ends, and which units answer on it. */
import type { Address } from '../../src/env/network.ts';
import { OpCode } from '../../src/wire/scsi/opcodes.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import type { SimNetwork } from '../env/network.ts';
import type { SimEvent } from '../world/event-queue.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { SessionTraits } from './requests.ts';
import { ClientSession } from './session.ts';

export interface PathOptions {
  readonly system: string;
  readonly address: Address;
  readonly initiatorName: string;
  readonly isid: string;
  readonly targetName: string;
  /** The units that the port shows, by LUN. */
  readonly luns: readonly number[];
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
const CHECK_INTERVAL = 400;
const NO_BYTES = new Uint8Array(0);

export class Path {
  readonly options: PathOptions;
  session: ClientSession | null = null;
  readonly #world: World;
  readonly #process: SimProcess;
  readonly #network: SimNetwork;
  readonly #owner: PathOwner;
  readonly #works = new Set<number>();
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
        const session = new ClientSession(stream, login, this.options.isid, this.options.session, {
          loggedIn: () => this.#loggedIn(),
          ended: () => this.#ended(),
        });
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

  works(lun: number): boolean {
    return this.#works.has(lun);
  }

  /** The unit did not answer as it should: it is not used on this path until it is ready again. */
  failed(lun: number): void {
    if (this.#works.delete(lun)) this.#checkLater(lun, this.session);
  }

  /** Ends the session for good. */
  leave(): void {
    this.#leaving = true;
    this.session?.logout(() => {});
  }

  #loggedIn(): void {
    this.#isUp = true;
    this.#owner.pathReinstated(this);
    for (const lun of this.options.luns) this.#check(lun, this.session);
  }

  #ended(): void {
    this.session = null;
    this.#isUp = false;
    this.#works.clear();
    this.#startLater();
  }

  #startLater(): void {
    if (this.#leaving) return;
    this.#timer(this.#world.prng.between(50, 500), () => this.start());
  }

  /** TEST UNIT READY, as multipathd's path checker: unit attentions are taken, and asked again. */
  #check(lun: number, session: ClientSession | null): void {
    if (session === null || session !== this.session) return;
    let waiting = true;
    const request = {
      lun,
      cdb: new Uint8Array([OpCode.testUnitReady, 0, 0, 0, 0, 0]),
      dataOut: NO_BYTES,
      dataInLength: 0,
      ended: (outcome: {
        readonly kind: string;
        readonly status?: number;
        readonly sense?: { readonly key: number } | null;
      }) => {
        waiting = false;
        if (session !== this.session) return;
        if (outcome.kind === 'status' && outcome.status === Status.good) return this.#becomeWorking(lun);
        if (outcome.sense?.key === 6) return this.#check(lun, session);
        this.#checkLater(lun, session);
      },
    };
    session.command(request);
    this.#timer(this.options.commandTimeout, () => {
      if (waiting) session.drop();
    });
  }

  #checkLater(lun: number, session: ClientSession | null): void {
    this.#timer(CHECK_INTERVAL, () => this.#check(lun, session));
  }

  #becomeWorking(lun: number): void {
    this.#works.add(lun);
    this.#owner.pathWorks();
  }

  #timer(milliseconds: number, run: () => void): SimEvent {
    return this.#world.at(this.#world.now + milliseconds, this.#process, run, true);
  }
}
