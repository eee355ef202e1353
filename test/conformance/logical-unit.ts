import { describe } from 'node:test';
import { describeCompares } from './logical-unit/compares.ts';
import { describeCopyAdmission } from './logical-unit/copy-admission.ts';
import { describeFreshness } from './logical-unit/freshness.ts';
import { describeFullyProvisioned } from './logical-unit/fully-provisioned.ts';
import { describeGrowth } from './logical-unit/growth.ts';
import { describeHostileInput } from './logical-unit/hostile-input.ts';
import { describeIdentifying } from './logical-unit/identifying.ts';
import { describeLogs } from './logical-unit/logs.ts';
import { describeManagement } from './logical-unit/management.ts';
import { describeModes } from './logical-unit/modes.ts';
import { describeOrder } from './logical-unit/order.ts';
import { describeProvisioning } from './logical-unit/provisioning.ts';
import { describeReads } from './logical-unit/reads.ts';
import { describeReservations } from './logical-unit/reservations.ts';
import type { UnitMaker } from './logical-unit/rig.ts';
import { describeUnitData } from './logical-unit/unit-data.ts';
import { describeWrites } from './logical-unit/writes.ts';

/** What every logical unit does, local or proxied, through the interface alone. */
export function describeLogicalUnit(name: string, makeUnit: UnitMaker): void {
  describe(`logical unit: ${name}`, () => {
    describeReads(makeUnit);
    describeWrites(makeUnit);
    describeCompares(makeUnit);
    describeProvisioning(makeUnit);
    describeFullyProvisioned(makeUnit);
    describeUnitData(makeUnit);
    describeGrowth(makeUnit);
    describeModes(makeUnit);
    describeLogs(makeUnit);
    describeIdentifying(makeUnit);
    describeHostileInput(makeUnit);
    describeOrder(makeUnit);
    describeFreshness(makeUnit);
    describeManagement(makeUnit);
    describeReservations(makeUnit);
    describeCopyAdmission(makeUnit);
  });
}
