import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BudgetShare, ReadBudget } from '../../../src/cluster/proxied-unit/read-budget.ts';
import { LinkLimits } from '../../../src/limits.ts';

const SET = LinkLimits.readSetLength;

/** Wants a fixed amount, and takes what it can get whenever it is its turn. */
function client(share: BudgetShare, wanted: number) {
  const self = {
    got: 0,
    budgetFree(): void {
      self.got += share.take(wanted - self.got);
      if (self.got < wanted) share.wait(self);
    },
  };
  self.budgetFree();
  return self;
}

function budgetOf(sets: number) {
  const budget = new ReadBudget(sets * SET);
  return { budget, nexus: () => new BudgetShare(budget) };
}

describe('the read budget of a link', () => {
  it('gives a nexus that is alone half of it, and no more', () => {
    const { budget, nexus } = budgetOf(100);
    const share = nexus();
    assert.equal(share.take(40 * SET), 40 * SET);
    assert.equal(share.take(40 * SET), 10 * SET);
    assert.equal(share.take(1), 0);
    assert.equal(budget.used, 50 * SET);
  });

  it('leaves half of the rest for the next where some take all that they can get', () => {
    const { budget, nexus } = budgetOf(1024);
    const got = Array.from({ length: 7 }, () => nexus().take(1024 * SET) / SET);
    assert.deepEqual(got, [512, 256, 128, 64, 32, 16, 8]);
    assert.equal(budget.peak, budget.used);
  });

  it('gives those that all want more as much as each other in the end', () => {
    const { nexus } = budgetOf(1024);
    const shares = [nexus(), nexus(), nexus()];
    const clients = shares.map((share) => client(share, 1024 * SET));
    for (let times = 0; times < 200; times += 1) {
      for (const [place, share] of shares.entries()) {
        const one = clients[place];
        assert(one !== undefined);
        one.got -= 8 * SET;
        share.giveBack(8 * SET);
      }
    }
    const got = clients.map((one) => one.got / SET);
    assert(Math.max(...got) - Math.min(...got) <= 64, `${got}`);
  });

  it('serves those of a nexus in the order in which they came', () => {
    const { nexus } = budgetOf(200);
    const share = nexus();
    share.take(100 * SET);
    const first = client(share, 50 * SET);
    const second = client(share, 30 * SET);
    share.giveBack(40 * SET);
    assert.deepEqual([first.got, second.got], [40 * SET, 0]);
    share.giveBack(30 * SET);
    assert.deepEqual([first.got, second.got], [50 * SET, 20 * SET]);
    assert.equal(share.take(10 * SET), 0, 'a newcomer, while others wait');
    share.giveBack(30 * SET);
    assert.deepEqual([first.got, second.got], [50 * SET, 30 * SET]);
  });

  it('gives no crumbs, but for those who want no more', () => {
    const { nexus } = budgetOf(10);
    const share = nexus();
    assert.equal(share.take(1.5 * SET), 1.5 * SET);
    assert.equal(share.take(8 * SET), 3 * SET, 'there were three and a half');
    assert.equal(share.take(8 * SET), 0);
    assert.equal(share.take(SET / 4), SET / 4);
  });

  it('passes over those who have gone while they waited', () => {
    const { budget, nexus } = budgetOf(200);
    const share = nexus();
    share.take(100 * SET);
    share.wait({ budgetFree: () => undefined });
    const second = client(share, 10 * SET);
    share.giveBack(100 * SET);
    assert.equal(second.got, 10 * SET);
    assert.equal(budget.used, 10 * SET);
  });
});
