import type { Errno } from '../../../env/disk.ts';
import type { RecordStore } from '../../../stores/record/record-store.ts';
import { u8 } from '../../../wire/scsi/bytes.ts';
import { sense } from '../../../wire/scsi/sense.ts';
import type { CommandSpec } from '../../command-table.ts';
import type { Command } from '../../logical-unit.ts';
import { type Nexus, nexusKey } from '../../nexus.ts';
import {
  admitsRegistrants,
  conflicts,
  exclusionOf,
  ReservationClass,
  Standing,
} from '../../reservation-table.ts';
import {
  type Decision,
  isHolder,
  NO_RESERVATIONS,
  type PersistentState,
  refuse,
} from './persistent-state.ts';
import { decodeState, encodeState } from './saved-state.ts';

export interface ReservationsOptions {
  /** Null: nothing survives power loss, and APTPL is refused. */
  readonly store: RecordStore | null;
  /** The relative identifiers of all target ports in the cluster that show the unit. */
  readonly relativePorts: readonly number[];
}

type Decide = (state: PersistentState) => Decision;
/** What was decided, and is in force; or the errno with which it could not be saved: then nothing has changed. */
type Decided = (decision: Decision | Errno) => void;

/** The reservations of one unit, persistent ones and RESERVE (6) and (10). */
export class Reservations {
  readonly relativePorts: readonly number[];
  readonly #store: RecordStore | null;
  #state: PersistentState;
  /** The nexus that has the unit by RESERVE (SPC-2 7.21, 7.22). */
  #reservedBy: Nexus | null = null;
  readonly #waiting: { readonly decide: Decide; readonly decided: Decided }[] = [];
  #deciding = false;

  constructor({ store, relativePorts }: ReservationsOptions) {
    this.#store = store;
    this.relativePorts = relativePorts;
    const saved = store?.saved ?? null;
    this.#state = saved === null ? NO_RESERVATIONS : decodeState(saved);
  }

  get state(): PersistentState {
    return this.#state;
  }

  get canPersist(): boolean {
    return this.#store !== null;
  }

  /** Whether a reservation stands against the command now: it has to end with RESERVATION CONFLICT. */
  forbids(spec: CommandSpec, command: Command): boolean {
    const { reservation, registrants } = this.#state;
    if (reservation === null && registrants.size === 0 && this.#reservedBy === null) return false;
    const what = spec.reservation;
    // SPC-4 5.12.3: with CRH 0, RESERVE and RELEASE conflict while anyone is registered.
    if (what === ReservationClass.reserves && registrants.size > 0) return true;
    if (what === ReservationClass.stops && isPlainStart(command.cdb)) return false;
    return conflicts[what]?.[this.#standingOf(command.nexus)] === true;
  }

  /** RESERVE (6), (10): whether the nexus has the unit now. Not while a registration is being saved: 5.12.3 allows one kind at a time. */
  reserve(nexus: Nexus): boolean {
    if (this.#deciding) return false;
    this.#reservedBy ??= nexus;
    return this.#reservedBy === nexus;
  }

  /** RELEASE (6), (10), or the nexus was lost: what another has stays. */
  release(nexus: Nexus): void {
    if (this.#reservedBy === nexus) this.#reservedBy = null;
  }

  /** Logical unit reset: persistent reservations stay (SPC-4 5.12.1). */
  reset(): void {
    this.#reservedBy = null;
  }

  /**
   * Changes the persistent state: each decision sees what the one before it has made. What has to survive power loss is
   * durable before it is in force, and before `decided` is called.
   */
  change(decide: Decide, decided: Decided): void {
    this.#waiting.push({ decide, decided });
    if (!this.#deciding) this.#decideNext();
  }

  /** Calls back when all changes that were asked for before have been decided, and are in force or not. */
  settle(then: () => void): void {
    if (!this.#deciding) then();
    else this.change(() => refuse(sense.noSense()), then);
  }

  /** A loop, not recursion, where nothing has to be saved. */
  #decideNext(): void {
    this.#deciding = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { decide, decided } = next;
      const decision = decide(this.#state);
      const save = this.#mustSave(decision);
      if (save !== null) return save(decided);
      this.#enforce(decision);
      decided(decision);
    }
    this.#deciding = false;
  }

  #mustSave(decision: Decision): ((decided: Decided) => void) | null {
    const store = this.#store;
    if (store === null || 'refused' in decision || decision.next === this.#state) return null;
    // With APTPL taken back, what was saved must not come back either.
    if (!decision.next.persists && !this.#state.persists) return null;
    return (decided) => {
      store.save(encodeState(decision.next), (error) => {
        if (error === null) this.#enforce(decision);
        decided(error ?? decision);
        this.#decideNext();
      });
    };
  }

  #enforce(decision: Decision): void {
    if (!('refused' in decision)) this.#state = decision.next;
  }

  #standingOf(nexus: Nexus): Standing {
    const holder = this.#reservedBy;
    if (holder !== null) {
      // By its ports, not as an object: the copy manager's stand-in for a nexus may do what that may.
      const isSelf = holder === nexus || nexusKey(holder) === nexusKey(nexus);
      return isSelf ? Standing.reservedBySelf : Standing.reservedByOther;
    }
    const { reservation, registrants } = this.#state;
    if (reservation === null) return Standing.free;
    const key = nexusKey(nexus);
    const admitted = admitsRegistrants(reservation.type) ? registrants.has(key) : isHolder(this.#state, key);
    return admitted ? Standing.free : exclusionOf(reservation.type);
  }
}

/** START STOP UNIT with START, and no change of the power condition (SBC-3 4.17). */
function isPlainStart(cdb: Uint8Array): boolean {
  return (u8(cdb, 4) & 0xf1) === 0x01;
}
