import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cscd, lid1List, segment } from '../../support/copy-lists.ts';
import { pattern } from '../../support/scsi.ts';
import { BLOCK, CopyRig, codeOf } from './rig.ts';

describe('EXTENDED COPY: what an initiator is not shown', () => {
  test('a unit that is not in its map can be neither read nor written', () =>
    CopyRig.with(async (rig) => {
      const secret = pattern(8 * BLOCK, 9);
      await rig.write(rig.b, 0, secret);
      const nexus = rig.openNexus('iqn.test:hidden');
      for (const [from, to] of [
        [1, 0],
        [0, 1],
      ] as const) {
        const outcome = await rig.copy(rig.list({ segments: [segment({ from, to, blocks: 8 })] }), { nexus });
        assert.equal(codeOf(outcome), '0a/0d/02');
        assert.equal(outcome.sense?.copy?.pointer, 16 + 32);
      }
      assert.deepEqual(await rig.read(rig.a, 0, 8), new Uint8Array(8 * BLOCK));
      assert.deepEqual(await rig.read(rig.b, 0, 8), secret);
      rig.router.closeNexus(nexus, 'logout');
    }));

  test('nor one that the port does not serve', () =>
    CopyRig.with(async (rig) => {
      const port = { ...rig.nexus.port, serves: 'proxy' as const };
      const nexus = rig.router.openNexus('iqn.test:proxy', '00023d000003', port, (call) => call());
      const list = lid1List({
        cscds: [cscd(rig.a.unit.identity), cscd(rig.b.unit.identity)],
        segments: [segment({ blocks: 8 })],
      });
      assert.equal(codeOf(await rig.copy(list, { nexus })), '05/25/00');
      rig.router.closeNexus(nexus, 'logout');
    }));
});
