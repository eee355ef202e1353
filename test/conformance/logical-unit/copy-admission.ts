import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { copyAbortCdb, copyInCdb, copyOutCdb, populateList, tokenOutCdb } from '../../support/copy-lists.ts';
import { pattern, testNexus } from '../../support/scsi.ts';

import { BLOCK, type Rig, type UnitMaker, withRig, writeCdb } from './rig.ts';

const commands = [
  copyOutCdb(0, 100),
  copyOutCdb(1, 100),
  tokenOutCdb(0x11, 1, 600),
  copyAbortCdb(1),
  copyInCdb(0, 1),
  copyInCdb(3, 0),
  copyInCdb(4, 1),
  copyInCdb(5, 1),
  copyInCdb(7, 1),
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

  describe('ROD tokens at the unit’s owner', () => {
    test('one is made, told once, and good until its blocks change', () =>
      withRig(makeUnit, async (rig) => {
        await rig.write(100, pattern(8 * BLOCK));
        const token = await makeToken(rig);
        await rig.good(copyInCdb(7, 5), { dataIn: 1024 });
        const ranges = (await rig.good(query(token), { dataIn: 1024 })).data;
        assert.deepEqual([...ranges], [0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 8, 0, 0, 0, 0]);
        await rig.write(108, pattern(BLOCK));
        await rig.good(query(token), { dataIn: 1024 });
        await rig.write(107, pattern(BLOCK));
        await rig.refused(query(token), '05/23/08', { dataIn: 1024 });
      }));

    test('a forged one is unknown', () =>
      withRig(makeUnit, async (rig) => {
        const token = await makeToken(rig);
        token.reverse();
        await rig.refused(query(token), '05/23/04', { dataIn: 1024 });
      }));
  });
}

/** A token of 8 blocks from 100 on. */
async function makeToken(rig: Rig): Promise<Uint8Array> {
  const list = populateList([{ lba: 100, blocks: 8 }]);
  await rig.good(tokenOutCdb(0x10, 5, list.length), { dataOut: list });
  const { data } = await rig.good(copyInCdb(7, 5), { dataIn: 1024 });
  assert.equal(data.length, 550);
  return data.slice(-512);
}

/** What a copy manager asks: whether a token is good, by the hash of it behind the CDB. */
function query(token: Uint8Array): Uint8Array {
  const key = createHash('sha256').update(token).digest();
  return Uint8Array.from([...copyInCdb(7, 0), ...key]);
}
