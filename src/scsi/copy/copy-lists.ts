/** The copies that one nexus has begun at one unit, by list identifier: what runs, and the results that may still be asked for. */
import { CopyLimits } from '../../limits.ts';
import type { CopyProgress } from '../../wire/scsi/copy/copy-results.ts';
import { ListIdUsage } from '../../wire/scsi/copy/extended-copy.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';

/** A copy that runs under a list identifier. */
export interface IdentifiedCopy {
  readonly listIdentifier: number;
  readonly serviceAction: number;
  readonly usage: number;
  readonly progress: CopyProgress;
  /** COPY OPERATION ABORT: ends it with COPY ABORTED; `done` comes behind its end. */
  cancel(done: () => void): void;
}

/** The result of an ended copy. */
interface HeldResult {
  readonly progress: CopyProgress;
  /** RECEIVE COPY STATUS (LID1), and FAILURE DETAILS, tell it once (SPC-4 6.23, 6.25). */
  statusTold: boolean;
  detailsTold: boolean;
}

export class CopyLists {
  readonly #running = new Map<number, IdentifiedCopy>();
  /** The oldest first. */
  readonly #held = new Map<number, HeldResult>();

  /** The copy begins; or what is wrong with its list identifier (SPC-4 5.17.4.2, 6.4.3.2). */
  begin(copy: IdentifiedCopy): Sense | null {
    if (copy.usage === ListIdUsage.none) return null;
    const other = this.#running.get(copy.listIdentifier);
    if (other !== undefined) {
      return other.serviceAction === copy.serviceAction
        ? sense.operationInProgress()
        : sense.invalidFieldInParameterList();
    }
    this.#held.delete(copy.listIdentifier);
    this.#running.set(copy.listIdentifier, copy);
    return null;
  }

  /** A copy that has begun has ended, and `progress` says how. */
  end(copy: IdentifiedCopy): void {
    if (this.#running.get(copy.listIdentifier) !== copy) return;
    this.#running.delete(copy.listIdentifier);
    if (copy.usage !== ListIdUsage.hold) return;
    this.#held.set(copy.listIdentifier, {
      progress: copy.progress,
      statusTold: false,
      detailsTold: false,
    });
    if (this.#held.size <= CopyLimits.heldResults) return;
    for (const oldest of this.#held.keys()) {
      this.#held.delete(oldest);
      return;
    }
  }

  running(listIdentifier: number): IdentifiedCopy | null {
    return this.#running.get(listIdentifier) ?? null;
  }

  /** For LID4: of a copy that runs, or whose result is held. */
  progress(listIdentifier: number): CopyProgress | null {
    return this.running(listIdentifier)?.progress ?? this.#held.get(listIdentifier)?.progress ?? null;
  }

  /** For LID1: the same; a result once. */
  takeStatus(listIdentifier: number): CopyProgress | null {
    const held = this.#held.get(listIdentifier);
    if (held === undefined) return this.running(listIdentifier)?.progress ?? null;
    if (held.statusTold) return null;
    held.statusTold = true;
    return held.progress;
  }

  /** Of a copy that has ended: null where none has, 'told' from the second time on. */
  takeDetails(listIdentifier: number): CopyProgress | 'told' | null {
    const held = this.#held.get(listIdentifier);
    if (held === undefined) return null;
    if (held.detailsTold) return 'told';
    held.detailsTold = true;
    return held.progress;
  }

  /** The unit was reset. */
  forgetResults(): void {
    this.#held.clear();
  }
}
