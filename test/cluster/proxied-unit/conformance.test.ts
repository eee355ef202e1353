import assert from 'node:assert/strict';
import { describeLogicalUnit } from '../../conformance/logical-unit.ts';
import { TwoSystems } from '../support/two-systems.ts';

for (const transport of ['tcp', 'tls', 'unix', 'fcip'] as const) {
  describeLogicalUnit(`proxied over ${transport}`, async (store, modeStore, readOnly) => {
    const systems = await TwoSystems.start({ transport, store, modeStore, readOnly });
    return {
      unit: systems.proxied,
      grow: (length) => new Promise((resolve) => systems.local.grow(length, resolve)),
      async close() {
        await systems.stop();
        assert.equal(systems.local.taskCount, 0, 'no task is left behind');
        assert.equal(systems.alpha.pool.leasedBytes, 0, 'every buffer of the owner went back');
        assert.equal(systems.beta.pool.leasedBytes, 0, 'every buffer of the proxy went back');
      },
    };
  });
}
