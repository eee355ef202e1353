import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AccessStateTable } from '../../../src/cluster/access-state/access-state-table.ts';
import { AccessState } from '../../../src/scsi/access-states.ts';
import type { Serves } from '../../../src/scsi/target-port.ts';

function port(system: string, relativeId: number, serves: Serves) {
  const groupId = system === 'alpha' ? 1 : system === 'beta' ? 2 : 3;
  return {
    name: `p${relativeId}`,
    system,
    targetName: `iqn.x:${relativeId}`,
    portalGroupTag: relativeId,
    relativeId,
    groupId,
    serves,
  };
}
const ports = [
  port('alpha', 1, 'local'),
  port('alpha', 2, 'proxy'),
  port('beta', 4, 'all'),
  port('beta', 3, 'local'),
  port('gamma', 5, 'local'),
];
const unit = {
  name: 'vol-a',
  owner: 'alpha',
  naa: new Uint8Array(16),
  serial: 's',
  blockLength: 512,
  physicalBlockLength: 4096,
  reportsSpace: true,
  thinlyProvisioned: true,
  blockCount: 8,
};

function table(self: string, up: readonly string[], said: AccessState | null = null) {
  return new AccessStateTable(self, ports, {
    isUp: (system) => up.includes(system),
    saidByOwner: () => said,
  });
}

describe('access states', () => {
  const optimized = { groupId: 1, state: AccessState.activeOptimized, ports: [1] };

  it('are optimized at the owner, non-optimized elsewhere, and leave out ports that do not show the unit', () => {
    const groups = table('alpha', ['beta', 'gamma']).groups(unit);
    assert.deepEqual(groups, [optimized, { groupId: 2, state: AccessState.activeNonOptimized, ports: [4] }]);
  });

  it('leave out of the list of ports those that do not show the unit, and keep those that are unavailable', () => {
    for (const self of ['alpha', 'beta']) {
      const listed = table(self, []).ports(unit);
      assert.deepEqual(
        listed.map(({ relativeId }) => relativeId),
        [1, 4],
      );
    }
  });

  it('are the same seen from owner and partner, with the link up and down', () => {
    for (const up of [true, false]) {
      const fromAlpha = table('alpha', up ? ['beta'] : []).groups(unit);
      const fromBeta = table('beta', up ? ['alpha'] : []).groups(unit);
      assert.deepEqual(fromAlpha, fromBeta);
      const state = up ? AccessState.activeNonOptimized : AccessState.unavailable;
      assert.deepEqual(fromAlpha, [optimized, { groupId: 2, state, ports: [4] }]);
    }
  });

  it('of every group are what the owner says when it does not serve the unit', () => {
    const groups = table('beta', ['alpha'], AccessState.unavailable).groups(unit);
    assert.deepEqual(
      groups.map(({ state }) => state),
      [AccessState.unavailable, AccessState.unavailable],
    );
  });
});
