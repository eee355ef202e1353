import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ScsiLimits } from '../../../src/limits.ts';
import { AccessHistory, placesOfEach } from '../../../src/scsi/local-unit/access-history.ts';

const BLOCK = 512;
const BEGIN = 1;
/** Blocks of a granule. */
const GRANULE = 8;
const PLACES = ScsiLimits.mostPlacesPerUnit;
const LONG = ScsiLimits.longAccessGranules * GRANULE + 1;

interface Access {
  readonly nexus: number;
  readonly first: number;
  readonly blocks: number;
}

/** Remembers everything. */
class NaiveHistory {
  readonly #accesses: (Access & { readonly moment: number })[] = [];

  record(nexus: number, moment: number, first: number, end: number): void {
    this.#accesses.push({ nexus, moment, first, blocks: end - first });
  }

  newestByOther(nexus: number, first: number, end: number): number {
    const seen = this.#accesses
      .filter((each) => each.nexus !== nexus && each.first < end && first < each.first + each.blocks)
      .map(({ moment }) => moment);
    return Math.max(BEGIN, ...seen);
  }
}

function accesses(blocks: fc.Arbitrary<number>, first: fc.Arbitrary<number>) {
  return fc.array(fc.record({ nexus: fc.integer({ min: 2, max: 4 }), first, blocks }), {
    minLength: 1,
    maxLength: 60,
  });
}

const anywhere = fc.integer({ min: 0, max: 10_000_000 });
const anyLength = fc.oneof(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 3 * LONG }));

describe('the history of accesses', () => {
  it('never names an earlier moment than the right one', () => {
    fc.assert(
      fc.property(accesses(anyLength, anywhere), fc.constantFrom(PLACES, 256, 1), (all, places) => {
        const history = new AccessHistory(BEGIN, BLOCK, places);
        const naive = new NaiveHistory();
        for (const [index, { nexus, first, blocks }] of all.entries()) {
          const known = history.newestByOther(nexus, first, first + blocks);
          assert.ok(known >= naive.newestByOther(nexus, first, first + blocks));
          assert.ok(known <= BEGIN + index);
          history.record(nexus, BEGIN + 1 + index, first, first + blocks);
          naive.record(nexus, BEGIN + 1 + index, first, first + blocks);
        }
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  it('is exact for whole granules close together, once several nexuses have been there', () => {
    const aligned = fc.integer({ min: 0, max: PLACES - 100 }).map((at) => at * GRANULE);
    const lengths = fc.integer({ min: 1, max: 32 }).map((granules) => granules * GRANULE);
    fc.assert(
      fc.property(accesses(lengths, aligned), (all) => {
        const history = new AccessHistory(BEGIN, BLOCK, PLACES);
        const naive = new NaiveHistory();
        history.record(1, BEGIN + 1, 0, 1);
        history.record(5, BEGIN + 2, 0, 1);
        let moment = BEGIN + 2;
        for (const { nexus, first, blocks } of all) {
          const known = history.newestByOther(nexus, first, first + blocks);
          // The first nexus was alone, and is taken to have been everywhere.
          const right = Math.max(BEGIN + 1, naive.newestByOther(nexus, first, first + blocks));
          assert.equal(known, first === 0 ? Math.max(right, known) : right);
          moment += 1;
          history.record(nexus, moment, first, first + blocks);
          naive.record(nexus, moment, first, first + blocks);
        }
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  it('asks nothing of a nexus that is alone since before anybody else could have been there', () => {
    const history = new AccessHistory(BEGIN, BLOCK, PLACES);
    for (let moment = 2; moment < 100; moment += 1) {
      assert.equal(history.newestByOther(7, moment, moment + 8), BEGIN);
      history.record(7, moment, moment, moment + 8);
    }
  });

  it('counts a long access as one of all blocks', () => {
    const history = new AccessHistory(BEGIN, BLOCK, PLACES);
    history.record(7, 2, 0, 8);
    history.record(8, 3, 0, LONG);
    assert.equal(history.newestByOther(7, 9_000_000, 9_000_001), 3);
    history.record(7, 4, 9_000_000, 9_000_008);
    assert.equal(history.newestByOther(8, 0, LONG), 4, 'and asks after all blocks for one');
  });

  it('has as many places as its share of what all units of the system may have, and no fewer than make it useful', () => {
    assert.deepEqual(
      [0, 1, 128, 129, 1024, 4096, 65_536].map(placesOfEach),
      [8192, 8192, 8192, 8128, 1024, 256, 256],
    );
  });
});
