import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { copyAbortCdb, copyInCdb, copyOutCdb } from '../../support/copy-lists.ts';
import { pattern, testNexus } from '../../support/scsi.ts';

import { BLOCK, type UnitMaker, withRig, writeCdb } from './rig.ts';

const commands = [
  copyOutCdb(0, 100),
  copyOutCdb(1, 100),
  copyAbortCdb(1),
  copyInCdb(0, 1),
  copyInCdb(3, 0),
  copyInCdb(4, 1),
  copyInCdb(5, 1),
];

/** The owner's part in third-party copies: whether the command may run. What it asks for is the copy manager's. */
export function describeCopyAdmission(makeUnit: UnitMaker): void {
  describe('third-party copy commands at the unit’s owner', () => {
    test('are let through, without data either way', () =>
      withRig(makeUnit, async (rig) => {
        for (const cdb of commands) await rig.good(cdb);
      }));

    test('report a unit attention first, and reserved bits', () =>
      withRig(makeUnit, async (rig) => {
        for (const [index, cdb] of commands.entries()) {
          const nexus = testNexus(`iqn.2026-11.test:new-${index}`);
          await rig.refused(cdb, '06/29/00', { nexus });
          await rig.refused(cdb.with(15, 0x04), '05/24/00', { nexus });
          await rig.good(cdb, { nexus });
        }
      }));

    test('conflict with the reservation of another host', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        await rig.good([0x16, 0, 0, 0, 0, 0], { nexus: other });
        for (const cdb of commands) {
          assert.equal((await rig.run(cdb)).status, 0x18);
          await rig.good(cdb, { nexus: other });
        }
      }));

    test('do not wait for writes, nor they for them', () =>
      withRig(makeUnit, async (rig) => {
        rig.held.holding = true;
        const write = rig.start(writeCdb(0, 8), { dataOut: pattern(8 * BLOCK) });
        await rig.held.atLeast(1);
        for (const cdb of commands) await rig.good(cdb);
        rig.held.open();
        assert.equal((await write.ended).status, 0);
      }));
  });
}
