import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseLink, type LinkLoad } from '../../../src/cluster/proxied-unit/link-choice.ts';

const link = (given: Partial<LinkLoad> = {}): LinkLoad => ({
  isSlow: false,
  bound: 0,
  exchangesInFlight: 0,
  hasCommandOf: () => false,
  ...given,
});

const choose = (...links: LinkLoad[]) => {
  const chosen = chooseLink(links, 'iqn.2026-11.test:one', 1);
  return chosen === null ? null : links.indexOf(chosen);
};

describe('the link for an initiator', () => {
  it('is the one with the fewest initiators, then with the fewest exchanges', () => {
    assert.equal(choose(link({ bound: 2 }), link({ bound: 1, exchangesInFlight: 9 })), 1);
    assert.equal(choose(link({ exchangesInFlight: 3 }), link({ exchangesInFlight: 2 })), 1);
    assert.equal(choose(), null);
  });

  it('is a slow one last, however busy the others are', () => {
    const busy = link({ bound: 100, exchangesInFlight: 4000 });
    assert.equal(choose(link({ isSlow: true }), busy, link({ isSlow: true })), 1);
  });

  it('is a slow one where all are, the least used of them', () => {
    assert.equal(choose(link({ isSlow: true, bound: 2 }), link({ isSlow: true, bound: 1 })), 1);
  });

  it('is the one on which a command of its last session has not ended, even if that is slow', () => {
    const behind = link({
      isSlow: true,
      bound: 5,
      hasCommandOf: (name, unit) => name.endsWith(':one') && unit === 1,
    });
    assert.equal(choose(link(), behind), 1);
  });
});
