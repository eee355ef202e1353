/** A unit of another system, with what its owner has said of it. */
import type { AccessState } from '../scsi/access-states.ts';
import { sense } from '../wire/scsi/sense.ts';
import type { ProxiedUnit } from './proxied-unit/proxied-unit.ts';

export class KnownUnit {
  readonly unit: ProxiedUnit;
  /** The owner's number for it, while it is reachable. */
  id = 0;
  /** What the owner says of it; null while it is not reachable. */
  state: AccessState | null = null;
  /** In blocks, as the nexuses here were told last that it has changed to. */
  #toldSize = 0;

  constructor(unit: ProxiedUnit) {
    this.unit = unit;
  }

  /** By an inventory. `isNew`: the first of all links. The word of another link may be an older one, but units only grow. */
  sizeIs(blockCount: number, isNew: boolean): void {
    const { identity } = this.unit;
    if (isNew ? identity.blockCount === blockCount : identity.blockCount >= blockCount) return;
    identity.blockCount = blockCount;
    this.tellSize();
  }

  /** Once: inventory and event come on every link, and a release before tells by the event alone. */
  tellSize(): void {
    const { blockCount } = this.unit.identity;
    if (this.#toldSize === blockCount) return;
    this.#toldSize = blockCount;
    this.unit.establishUnitAttention(sense.capacityChanged(), null);
  }

  /** Told once: it comes on every link. */
  provisioningIs(thin: boolean): void {
    const { identity } = this.unit;
    if (identity.thinlyProvisioned === thin) return;
    identity.thinlyProvisioned = thin;
    this.unit.establishUnitAttention(sense.inquiryDataChanged(), null);
  }
}
