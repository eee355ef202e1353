import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReadBudget } from '../../../src/cluster/proxied-unit/read-budget.ts';

/** Wants a fixed amount, and takes what it can get whenever it is its turn. */
function client(budget: ReadBudget, wanted: number) {
  const self = {
    got: 0,
    budgetFree(): void {
      self.got += budget.take(wanted - self.got);
      if (self.got < wanted) budget.wait(self);
    },
  };
  self.budgetFree();
  return self;
}

describe('the read budget of a link', () => {
  it('never gives out more than there is', () => {
    const budget = new ReadBudget(100);
    assert.equal(budget.take(60), 60);
    assert.equal(budget.take(60), 40);
    assert.equal(budget.take(1), 0);
    assert.equal(budget.used, 100);
  });

  it('serves those who wait in the order in which they came', () => {
    const budget = new ReadBudget(100);
    budget.take(100);
    const first = client(budget, 50);
    const second = client(budget, 30);
    budget.giveBack(40);
    assert.deepEqual([first.got, second.got], [40, 0]);
    budget.giveBack(30);
    assert.deepEqual([first.got, second.got], [50, 20]);
    budget.giveBack(30);
    assert.deepEqual([first.got, second.got], [50, 30]);
    assert.equal(budget.used, 80);
  });

  it('gives a newcomer nothing while others wait', () => {
    const budget = new ReadBudget(100);
    budget.take(100);
    client(budget, 50);
    assert.equal(budget.take(10), 0);
  });

  it('passes over those who have gone while they waited', () => {
    const budget = new ReadBudget(100);
    budget.take(100);
    budget.wait({ budgetFree: () => undefined });
    const second = client(budget, 10);
    budget.giveBack(100);
    assert.equal(second.got, 10);
    assert.equal(budget.used, 10);
  });
});
