/** PERSISTENT RESERVE OUT (SPC-4 6.16). The rules are in reservations/; here are the CDB, the list, and what follows. */
import assert from 'node:assert/strict';
import type { Errno } from '../../../env/disk.ts';
import { ScsiLimits } from '../../../limits.ts';
import { u8, u32 } from '../../../wire/scsi/bytes.ts';
import { ServiceAction } from '../../../wire/scsi/opcodes.ts';
import { ReservationType } from '../../../wire/scsi/persistent-reserve-in.ts';
import {
  decodeRegisterAndMove,
  decodeReserveOut,
  type RegisterAndMoveList,
  type ReserveOutList,
} from '../../../wire/scsi/persistent-reserve-out.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { DataOutTask } from '../data-out-task.ts';
import { type Decision, type PersistentState, pairKey, refuse } from '../reservations/persistent-state.ts';
import { move, register } from '../reservations/register.ts';
import { clear, preempt, release, reserve } from '../reservations/reserve.ts';
import { initiatorPortsOf } from '../reservations/transport-ids.ts';
import { senseOfErrno } from '../store-error.ts';
import { TaskState } from '../unit-task.ts';

const PARAMETERS_AT = 5;

export class PersistentReserveOutTask extends DataOutTask {
  prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const listLength = u32(cdb, PARAMETERS_AT);
    if (takesType(this.#action) && this.#type === null) return sense.invalidFieldInCdb();
    if (listLength > ScsiLimits.maxParameterListLength || dataOutLength < listLength) {
      return sense.parameterListLengthError();
    }
    this.presentedLength = listLength;
    this.wantWhole(listLength);
    return null;
  }

  protected segment(bytes: Uint8Array): void {
    const moves = this.#action === ServiceAction.registerAndMove;
    const list = moves ? decodeRegisterAndMove(bytes) : decodeReserveOut(bytes);
    if (list === 'wrongLength') return this.fail(sense.parameterListLengthError());
    if (list === 'invalid') return this.fail(sense.invalidFieldInParameterList());
    if (list.activatePersistence && this.#registers && !this.unit.reservations.canPersist) {
      return this.fail(sense.invalidFieldInParameterList());
    }
    const decide = (state: PersistentState) =>
      'to' in list ? this.#move(state, list) : this.#decide(state, list);
    this.storeCalled();
    // A task that was aborted while others were decided changes nothing.
    this.unit.reservations.change(
      (state) => (this.aborting ? refuse(sense.noSense()) : decide(state)),
      (decision) => this.#decided(decision),
    );
  }

  /** A list of length 0. */
  protected allDone(): void {
    this.fail(sense.parameterListLengthError());
  }

  get #action(): number {
    return u8(this.command.cdb, 1) & 0x1f;
  }

  /** SCOPE (only the logical unit's, 0, is left of them) and TYPE; null where either is none. */
  get #type(): ReservationType | null {
    const scopeAndType = u8(this.command.cdb, 2);
    return Object.values(ReservationType).find((type) => type === scopeAndType) ?? null;
  }

  get #checkedType(): ReservationType {
    const type = this.#type;
    assert.ok(type !== null, '`prepare` has refused other types');
    return type;
  }

  /** Where the APTPL bit counts (6.16.3). */
  get #registers(): boolean {
    return (
      this.#action === ServiceAction.register ||
      this.#action === ServiceAction.registerAndIgnoreExistingKey ||
      this.#action === ServiceAction.registerAndMove
    );
  }

  get #from() {
    const { initiatorName, isid, port } = this.command.nexus;
    return { initiatorName, isid, relativePort: port.relativeId };
  }

  #decide(state: PersistentState, list: ReserveOutList): Decision {
    const nexus = pairKey(this.#from);
    const { key, serviceActionKey: victimKey } = list;
    switch (this.#action) {
      case ServiceAction.register:
      case ServiceAction.registerAndIgnoreExistingKey:
        return this.#register(state, list);
      case ServiceAction.release:
        return release(state, { nexus, key, type: u8(this.command.cdb, 2) });
      case ServiceAction.clear:
        return clear(state, { nexus, key });
      case ServiceAction.reserve:
        return reserve(state, { nexus, key, type: this.#checkedType });
      default:
        return preempt(state, { nexus, key, type: this.#checkedType, victimKey });
    }
  }

  #register(state: PersistentState, list: ReserveOutList): Decision {
    const ignoreExisting = this.#action === ServiceAction.registerAndIgnoreExistingKey;
    if (ignoreExisting && list.initiatorPorts !== null) return refuse(sense.invalidFieldInParameterList());
    const initiatorPorts =
      list.initiatorPorts === null
        ? null
        : initiatorPortsOf(list.initiatorPorts, this.unit.initiatorPorts(), state);
    if (initiatorPorts === 'unknown') return refuse(sense.invalidFieldInParameterList());
    const from = this.#from;
    const everywhere = new Set([from.relativePort, ...this.unit.reservations.relativePorts]);
    return register(state, {
      from,
      key: list.key,
      newKey: list.serviceActionKey,
      ignoreExisting,
      activatePersistence: list.activatePersistence,
      relativePorts: list.allTargetPorts ? [...everywhere] : [from.relativePort],
      initiatorPorts,
    });
  }

  #move(state: PersistentState, list: RegisterAndMoveList): Decision {
    const { key, serviceActionKey: newKey, unregister, activatePersistence, relativePort } = list;
    const ports = initiatorPortsOf([list.to], this.unit.initiatorPorts(), state);
    const known = this.unit.reservations.relativePorts.includes(relativePort);
    const [to] = ports === 'unknown' ? [] : ports;
    // The device with more ports than one does not say which of them the reservation moves to.
    if (to === undefined || ports.length > 1 || !known) return refuse(sense.invalidFieldInParameterList());
    const from = this.#from;
    return move(state, { from, to: { ...to, relativePort }, key, newKey, unregister, activatePersistence });
  }

  #decided(decision: Decision | Errno): void {
    const inForce = typeof decision !== 'string' && !('refused' in decision);
    if (inForce) for (const { attention, nexuses } of decision.told) this.unit.tell(attention, nexuses);
    if (!this.storeReturned()) return;
    if (typeof decision === 'string') return this.fail(senseOfErrno(decision, 'write'));
    if (!('refused' in decision)) return this.#enforce(decision.preempted);
    if (decision.refused === 'conflict') this.conflict();
    else this.fail(decision.refused);
  }

  /** PREEMPT AND ABORT ends what the preempted had running, and no answer comes before it is gone (5.12.11.3). */
  #enforce(preempted: ReadonlySet<string>): void {
    const aborts = this.#action === ServiceAction.preemptAndAbort;
    this.unit.enforceReservation(this, aborts ? preempted : new Set(), () => {
      if (this.state === TaskState.running && !this.aborting) this.succeed();
    });
  }
}

function takesType(action: number): boolean {
  return (
    action === ServiceAction.reserve ||
    action === ServiceAction.preempt ||
    action === ServiceAction.preemptAndAbort
  );
}
