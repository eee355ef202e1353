import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assembleSystem, makeShared, ownUnits } from '../../src/daemon/assemble-system.ts';
import { parseConfig } from '../../src/daemon/config/parse-config.ts';
import { statusOf } from '../../src/daemon/system-status.ts';
import { nodeEnv } from '../../src/env/node/node-env.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import { configText } from '../support/cluster-file.ts';
import { MemoryRecord } from '../support/memory-record.ts';
import { present, silentLog, testPort } from '../support/scsi.ts';

const UNITS = 200;

test('status tells of every unit, and counts once for all of them', () => {
  const units = Array.from({ length: UNITS }, (_, lun) => ({
    name: `vol-${lun}`,
    owner: lun % 2 === 0 ? ('alpha' as const) : ('beta' as const),
    lun,
    size: '1MiB',
  }));
  const addresses = {
    ports: [1, 2, 3, 4, 5, 6, 7, 8],
    links: { alpha: 'unix:alpha.sock', beta: 'unix:beta.sock' },
  };
  const parsed = parseConfig(configText({ units }, addresses), '/nowhere/cluster.toml');
  assert.ok('config' in parsed);
  const { config } = parsed;
  const [system] = config.systems;
  assert.ok(system !== undefined);
  const env = nodeEnv();
  const shared = makeShared(config, system, env, silentLog, new Map());
  const stores = ownUnits(shared).map(({ byteLength, blockLength }) => ({
    store: new MemoryStore({ byteLength, blockLength }),
    reservations: new MemoryRecord(),
    modePages: new MemoryRecord(),
    identifying: new MemoryRecord(),
  }));
  const assembled = assembleSystem(shared, stores);
  const { router } = assembled;
  router.openNexus('iqn.test:one', '00', testPort({ name: 'alpha-all' }), present);
  let asked = 0;
  const counters = router.counters.bind(router);
  router.counters = () => {
    asked += 1;
    return counters();
  };
  const status = statusOf({
    ...assembled,
    portals: assembled.portals.map(({ portal }) => portal),
    config,
    system,
    version: '0',
    clock: env.clock,
    started: env.clock.now(),
    pool: shared.pool,
    access: shared.access,
    stages: shared.stages,
  });
  assert.equal(asked, 1);
  assert.deepEqual(
    status.units.map(({ name, local, counters: ofUnit }) => [name, local, ofUnit.map(({ port }) => port)]),
    units.map(({ name, owner }) => [name, owner === 'alpha', ['alpha-all']]),
  );
});
