import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClusterPlan, clusterConfiguration } from '../../../bench/peers/cluster-configuration.ts';
import { parseConfig } from '../../../src/daemon/config/parse-config.ts';

const plan: ClusterPlan = {
  name: 'bench',
  transport: 'tcp',
  folder: '/bench',
  ports: {
    alpha: { portal: 4001, link: 4002, admin: 4003 },
    beta: { portal: 4004, link: 4005, admin: 4006 },
  },
  units: [1, 2, 3].map((lun) => ({ lun, owner: 'beta', file: `/bench/${lun}.img`, bytes: 1 << 30 })),
};

test('every kind of link, and any number of units, gives a configuration that the product takes', () => {
  for (const transport of ['tcp', 'tls', 'unix', 'fcip'] as const) {
    const parsed = parseConfig(clusterConfiguration({ ...plan, transport }), '/bench/cluster.toml');
    if (!('config' in parsed)) throw new Error(JSON.stringify(parsed.mistakes));
    const { systems, units } = parsed.config;
    assert.deepEqual(
      systems.flatMap(({ ports }) => ports.map(({ name, serves }) => `${name} ${serves}`)),
      ['alpha-local local', 'alpha-proxy proxy', 'beta-local local'],
    );
    assert.deepEqual(
      units.map(({ lun, owner }) => [lun, owner]),
      [1, 2, 3].map((lun) => [lun, 'beta']),
    );
  }
});
