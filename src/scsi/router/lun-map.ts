import type { LogicalUnit } from '../logical-unit.ts';
import type { Serves } from '../target-port.ts';
import type { CommandCounters } from './command-counters.ts';

/** A unit as one initiator sees it through one port. */
export interface MappedUnit {
  readonly lun: number;
  readonly unit: LogicalUnit;
  readonly counters: CommandCounters;
}

/** What one initiator sees through one port: only units that the port serves. */
export class LunMap {
  readonly #byLun: (MappedUnit | undefined)[] = [];
  /** Ascending by LUN. */
  readonly units: readonly MappedUnit[];

  constructor(units: readonly MappedUnit[]) {
    this.units = units.toSorted((a, b) => a.lun - b.lun);
    for (const mapped of units) this.#byLun[mapped.lun] = mapped;
  }

  /** `lun`: a negative one is no unit's. */
  find(lun: number): MappedUnit | null {
    return lun < 0 ? null : (this.#byLun[lun] ?? null);
  }
}

export function serves(what: Serves, unit: LogicalUnit): boolean {
  switch (what) {
    case 'local':
      return unit.isLocal;
    case 'proxy':
      return !unit.isLocal;
    case 'all':
      return true;
    default:
      return what satisfies never;
  }
}
