/** What a host of a failover cluster does with the reservations of a unit. */
import { Status } from '../../src/wire/scsi/status.ts';
import { HeldType, NO_KEY, type ReservationRequest } from '../checkers/reservation-model.ts';
import type { ReservationOperation, Reservations } from '../checkers/reservations.ts';
import type { World } from '../world/world.ts';
import type { Client } from './client.ts';
import type { Path } from './path.ts';
import { isRead, reservationCommand, SHOWN_LENGTH, shownBy } from './reservation-commands.ts';
import type { CommandRequest, Outcome } from './sent-command.ts';

/** How the clients of a seed use reservations. */
export interface ReservationTraits {
  /** What each client does a second. */
  readonly rate: number;
  /** Share of the registrations that ask for APTPL. */
  readonly persistShare: number;
  /** PREEMPT AND ABORT: what it takes from others ends without an answer, and so by their timeouts alone. */
  readonly aborts: boolean;
}

/** Units that are reserved: the first ones. */
const RESERVED_UNITS = 2;
/** A unit attention, and others behind it. */
const MOST_TRIES = 12;
const UNIT_ATTENTION = 6;
const ILLEGAL_REQUEST = 5;

type Action = 'join' | ReservationRequest['action'];
const ACTIONS: readonly Action[] = [
  ...(['join', 'join', 'join', 'join', 'reserve', 'reserve', 'reserve', 'preempt', 'preempt'] as const),
  ...(['preemptAndAbort', 'preemptAndAbort', 'preemptAndAbort', 'release', 'clear', 'register'] as const),
  ...(['readKeys', 'readReservation'] as const),
];

export class ClusterMember {
  readonly #world: World;
  readonly #client: Client;
  readonly #traits: ReservationTraits;
  readonly #open = new Map<ReservationOperation, Reservations>();
  #stopped = false;

  constructor(world: World, client: Client, traits: ReservationTraits) {
    this.#world = world;
    this.#client = client;
    this.#traits = traits;
  }

  start(): void {
    const pause = (1000 / this.#traits.rate) * this.#world.prng.between(0.2, 1.8);
    this.#timer(pause, () => {
      if (this.#stopped) return;
      this.#act();
      this.start();
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Its process is dying: nobody will learn how its requests ended. */
  die(): void {
    for (const [operation, reservations] of this.#open) reservations.lost(operation);
  }

  /** Looks at what there is, and ends it. */
  clear(unit: number, done: () => void): void {
    const path = this.#pathTo(unit);
    if (path === null) return this.#timer(100, () => this.clear(unit, done));
    const key = keyOf(this.#client.options.index);
    const last: readonly ReservationRequest[] = [
      { action: 'readKeys' },
      { action: 'readReservation' },
      { action: 'register', key: null, newKey: key, persists: false },
      { action: 'clear', key },
    ];
    const step = (index: number): void => {
      const request = last[index];
      if (request === undefined) return done();
      this.#send(unit, path, request, (good) => {
        if (good) step(index + 1);
        else this.#timer(100, () => this.clear(unit, done));
      });
    };
    step(0);
  }

  #act(): void {
    const { prng } = this.#world;
    const { owners, index } = this.#client.options;
    const unit = prng.below(Math.min(RESERVED_UNITS, owners.length));
    const action = prng.pick(ACTIONS);
    const path = this.#pathTo(unit);
    if (path === null) return;
    const key = keyOf(index);
    const type = prng.pick([HeldType.writeExclusive, HeldType.writeExclusive, HeldType.exclusiveAccess]);
    switch (action) {
      case 'join':
        return this.#join(unit);
      case 'register':
        return this.#ask(unit, path, { action, key, newKey: NO_KEY, persists: this.#persists() });
      case 'reserve':
      case 'release':
        return this.#ask(unit, path, { action, key, type });
      case 'clear':
        return this.#ask(unit, path, { action, key });
      case 'preempt':
      case 'preemptAndAbort': {
        const { clients } = this.#client.options;
        const victimKey = keyOf((index + 1 + prng.below(Math.max(1, clients - 1))) % clients);
        if (victimKey === key) return;
        const which = this.#traits.aborts ? action : 'preempt';
        return this.#ask(unit, path, { action: which, key, victimKey, type });
      }
      default:
        return this.#ask(unit, path, { action });
    }
  }

  /** Each path is a nexus of its own, and has to be registered by itself. */
  #join(unit: number): void {
    const newKey = keyOf(this.#client.options.index);
    const key = this.#world.prng.pick([null, NO_KEY]);
    const persists = this.#persists();
    for (const path of this.#client.paths) {
      if (path.works(unit)) this.#ask(unit, path, { action: 'register', key, newKey, persists });
    }
  }

  #persists(): boolean {
    return this.#world.prng.chance(this.#traits.persistShare);
  }

  /** Mostly the owner's. */
  #pathTo(unit: number): Path | null {
    const working = this.#client.paths.filter((path) => path.works(unit));
    const direct = working.filter((path) => path.isDirect(unit));
    const { prng } = this.#world;
    return direct.length > 0 && prng.chance(0.8)
      ? prng.pick(direct)
      : working.length > 0
        ? prng.pick(working)
        : null;
  }

  #ask(unit: number, path: Path, request: ReservationRequest): void {
    this.#send(unit, path, request, () => {});
  }

  #send(
    unit: number,
    path: Path,
    request: ReservationRequest,
    done: (good: boolean) => void,
    tries = MOST_TRIES,
  ): void {
    const { session } = path;
    const reservations = this.#client.options.reservations[unit];
    if (session === null || reservations === undefined) return done(false);
    const operation = reservations.begin(path.nexus, path.isDirect(unit), request, this.#world.now);
    this.#open.set(operation, reservations);
    this.#say(`${describe(request)} on unit ${unit} through ${path.options.system} begins`);
    const command: CommandRequest = {
      lun: unit,
      ...reservationCommand(request),
      dataInLength: isRead(request) ? SHOWN_LENGTH : 0,
      ended: (outcome) => {
        this.#open.delete(operation);
        this.#say(`${describe(request)} on unit ${unit} ends: ${textOf(outcome)}`);
        this.#ended(reservations, operation, outcome);
        const again = outcome.kind === 'status' && outcome.sense?.key === UNIT_ATTENTION && tries > 1;
        if (again) this.#send(unit, path, request, done, tries - 1);
        else done(outcome.kind === 'status' && outcome.status === Status.good);
      },
    };
    session.command(command);
    const { commandTimeout, abortTimeout } = this.#client.options.traits;
    this.#timer(commandTimeout, () => {
      if (!this.#open.has(operation)) return;
      session.abort(command, () => {});
      this.#timer(abortTimeout, () => {
        if (this.#open.has(operation)) session.drop();
      });
    });
  }

  #ended(reservations: Reservations, operation: ReservationOperation, outcome: Outcome): void {
    const { now } = this.#world;
    if (outcome.kind === 'lost') return reservations.lost(operation);
    if (outcome.kind === 'aborted') return reservations.aborted(operation, now);
    const { status, sense } = outcome;
    if (status === Status.good) {
      return reservations.answered(operation, shownBy(operation.request, outcome.dataIn), now);
    }
    if (status === Status.reservationConflict) return reservations.answered(operation, 'conflict', now);
    if (sense?.key === ILLEGAL_REQUEST) return reservations.answered(operation, 'refused', now);
    if (sense === null || sense.key === UNIT_ATTENTION) return reservations.refused(operation);
    // NOT READY: the way to the owner may have been lost behind it.
    reservations.lost(operation);
  }

  #say(what: string): void {
    if (this.#world.trace.printing) this.#world.say(this.#client.process.name, what);
  }

  #timer(milliseconds: number, run: () => void): void {
    this.#world.at(this.#world.now + milliseconds, this.#client.process, run, true);
  }
}

/** All paths of a client have one key. */
function keyOf(client: number): string {
  return (0xc1_0000 + client).toString(16).padStart(NO_KEY.length, '0');
}

function describe(request: ReservationRequest): string {
  return Object.values(request).join(' ');
}

function textOf(outcome: Outcome): string {
  if (outcome.kind !== 'status') return outcome.kind;
  const { status, sense } = outcome;
  return sense === null ? `status ${status}` : `sense ${sense.key}/${sense.asc}/${sense.ascq}`;
}
