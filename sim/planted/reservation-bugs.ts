/** Bugs of persistent reservations: hosts that were fenced off write all the same, and others do not. */
import { commandOf } from '../../src/scsi/command-table.ts';
import { LocalUnit } from '../../src/scsi/local-unit/local-unit.ts';
import {
  changed,
  isHolder,
  NO_RESERVATIONS,
} from '../../src/scsi/local-unit/reservations/persistent-state.ts';
import { Reservations } from '../../src/scsi/local-unit/reservations/reservations.ts';
import type { Command } from '../../src/scsi/logical-unit.ts';
import { nexusKey } from '../../src/scsi/nexus.ts';
import { ReservationClass } from '../../src/scsi/reservation-table.ts';
import { RecordFile } from '../../src/stores/record/record-file.ts';
import { type PlantedBug, replacing } from './plant.ts';

/** What is found of a command first is what holds. */
const foundOnce = replacing(
  'a reservation counts when a command starts, and not while it runs',
  Reservations.prototype,
  'forbids',
  (original) => {
    const found = new WeakMap<Command, boolean>();
    return function (this: Reservations, spec, command) {
      const forbidden = found.get(command) ?? original.call(this, spec, command);
      found.set(command, forbidden);
      return forbidden;
    };
  },
);

const lookedUpOnArrival = replacing(
  '',
  LocalUnit.prototype,
  'execute',
  (original) =>
    function (this: LocalUnit, command) {
      const spec = commandOf(command.cdb);
      if (typeof spec === 'object') this.reservations.forbids(spec, command);
      return original.call(this, command);
    },
);

export const reservationBugs: readonly PlantedBug[] = [
  replacing('reservations stand against nothing', Reservations.prototype, 'forbids', () => () => false),
  replacing(
    'a registration is not enough to be let in',
    Reservations.prototype,
    'forbids',
    (original) =>
      function (this: Reservations, spec, command) {
        const { state } = this;
        const isOther = state.reservation !== null && !isHolder(state, nexusKey(command.nexus));
        return (
          original.call(this, spec, command) || (isOther && spec.reservation === ReservationClass.writes)
        );
      },
  ),
  foundOnce,
  {
    name: 'a reservation counts when a command arrives, and not when it starts',
    plant() {
      const removals = [foundOnce, lookedUpOnArrival].map((bug) => bug.plant());
      return () => {
        for (const remove of removals) remove();
      };
    },
  },
  replacing(
    'registrations are lost with the session',
    LocalUnit.prototype,
    'nexusLost',
    (original) =>
      function (this: LocalUnit, nexus, why) {
        original.call(this, nexus, why);
        this.reservations.change(
          (state) => {
            const left = [...state.registrants].filter(([key]) => key !== nexusKey(nexus));
            return changed({ ...state, registrants: new Map(left) });
          },
          () => {},
        );
      },
  ),
  replacing(
    'LOGICAL UNIT RESET ends persistent reservations',
    Reservations.prototype,
    'reset',
    () =>
      function (this: Reservations) {
        this.change(
          () => changed(NO_RESERVATIONS),
          () => {},
        );
      },
  ),
  replacing(
    'what APTPL asks for is not saved',
    RecordFile.prototype,
    'save',
    () => (_record, done) => done(null),
  ),
  replacing(
    'whoever is registered is told of every PREEMPT',
    LocalUnit.prototype,
    'tell',
    () =>
      function (this: LocalUnit, attention) {
        this.establishUnitAttention(attention, null);
      },
  ),
];
