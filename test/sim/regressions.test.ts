/**
 * Histories that have found something, or that nothing else is likely to meet. A seed alone makes another history after any
 * change to the product or to the simulator, so what matters of it is pinned: the rest of the seed is chance around it.
 * Write a failure that was found down here, with what it takes, before its cause is mended.
 */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { runSeed } from '../../sim/run-seed.ts';
import { noFaults, type Swarm } from '../../sim/swarm.ts';

interface Regression {
  readonly what: string;
  readonly seeds: readonly number[];
  readonly pinned: Partial<Swarm>;
}

const regressions: readonly Regression[] = [
  {
    what: 'one of three links stalls, and the others carry on',
    seeds: [1],
    pinned: {
      systems: 2,
      links: [
        ['tcp', 'fcip', 'tls'],
        ['tcp', 'fcip', 'tls'],
      ],
      faults: { ...noFaults, stall: 2, reset: 1 },
    },
  },
  {
    what: 'a system dials while the way is cut, and has the link soon after the way is back',
    seeds: [3],
    pinned: { systems: 2, faults: { ...noFaults, cut: 1, reset: 1 } },
  },
  {
    what: 'clients lose power in the middle of writes, and come back as the same initiator ports',
    seeds: [5],
    pinned: { faults: { ...noFaults, clientDeath: 1, stall: 0.3 } },
  },
  {
    what: 'TLS is the only way between systems, and keys do not match for a while',
    seeds: [7],
    pinned: {
      systems: 2,
      links: [['tls'], ['tls']],
      faults: { ...noFaults, otherKeys: 0.5, reset: 1 },
    },
  },
  {
    what: 'systems lose power between writes of zeroes and flushes',
    seeds: [9],
    pinned: { faults: { ...noFaults, powerCut: 0.5 } },
  },
  {
    what: 'a write waits behind another that waits for its proof, then for its own, and its answer for a link that ends',
    seeds: [46_756, 80_921],
    pinned: {},
  },
];

for (const { what, seeds, pinned } of regressions) {
  test(what, async () => {
    for (const seed of seeds) {
      const { failure } = await runSeed(seed, { pinned });
      assert.equal(failure, null, `seed ${seed}: ${failure?.text}`);
    }
  });
}
