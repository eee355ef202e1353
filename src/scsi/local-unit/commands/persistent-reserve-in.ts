/** PERSISTENT RESERVE IN: READ KEYS, READ RESERVATION, REPORT CAPABILITIES, READ FULL STATUS (SPC-4 6.15). */
import {
  encodeReadFullStatus,
  encodeReadKeys,
  encodeReadReservation,
  encodeReportCapabilities,
} from '../../../wire/scsi/persistent-reserve-in.ts';
import { NO_KEY } from '../../../wire/scsi/persistent-reserve-out.ts';
import { type Reply, ReplyTask } from '../reply-task.ts';
import { isHolder, pairKey } from '../reservations/persistent-state.ts';

/**
 * Tells what is in force behind the changes that came before it, also those whose client has gone: one that is being saved can't be called back, and must not come into force behind an
 * answer that does not show it.
 */
export class PersistentReserveInTask extends ReplyTask {
  protected override run(): void {
    this.storeCalled();
    this.unit.reservations.settle(() => {
      if (this.storeReturned()) super.run();
    });
  }
}

export const readKeys: Reply = ({ reservations }) => {
  const { generation, registrants } = reservations.state;
  return encodeReadKeys(
    generation,
    [...registrants.values()].map(({ key }) => key),
  );
};

/** 6.15.3.2: a reservation that all registrants hold is shown with key 0. */
export const readReservation: Reply = ({ reservations }) => {
  const { generation, registrants, reservation } = reservations.state;
  if (reservation === null) return encodeReadReservation(generation, null);
  const { type, holder } = reservation;
  const key = holder === null ? NO_KEY : (registrants.get(holder)?.key ?? NO_KEY);
  return encodeReadReservation(generation, { key, type });
};

export const reportCapabilities: Reply = ({ reservations }) =>
  encodeReportCapabilities(reservations.canPersist, reservations.state.persists);

export const readFullStatus: Reply = ({ reservations }) => {
  const { state } = reservations;
  const described = [...state.registrants.values()].map((registrant) => ({
    key: registrant.key,
    holds: isHolder(state, pairKey(registrant)) ? (state.reservation?.type ?? null) : null,
    relativePort: registrant.relativePort,
    initiatorPort: { initiatorName: registrant.initiatorName, isid: registrant.isid },
  }));
  return encodeReadFullStatus(state.generation, described);
};
