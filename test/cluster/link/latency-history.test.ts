import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LatencyHistory } from '../../../src/cluster/link/latency-history.ts';
import { LinkLimits } from '../../../src/limits.ts';

const { slowMilliseconds, slowFactor, slowProbes, steadyMilliseconds, steadyFactor, steadyProbes } =
  LinkLimits;

/** A way whose round trips have taken this long for a while. */
function used(milliseconds: number): LatencyHistory {
  const history = new LatencyHistory();
  feed(history, 100, milliseconds);
  return history;
}

/** How often `isSlow` changed. */
function feed(history: LatencyHistory, times: number, milliseconds: number): number {
  let changes = 0;
  for (let count = 0; count < times; count++) if (history.observe(milliseconds)) changes++;
  return changes;
}

describe('the history of a link', () => {
  it('makes it slow when enough probes in succession are far above what is usual', () => {
    const history = used(0.1);
    assert.equal(feed(history, slowProbes - 1, slowMilliseconds + 1), 0);
    assert.equal(history.isSlow, false);
    assert.equal(history.observe(slowMilliseconds + 1), true);
    assert.equal(history.isSlow, true);
  });

  it('makes nothing of single late probes', () => {
    const history = used(0.1);
    for (let count = 0; count < 50; count++) {
      assert.equal(feed(history, slowProbes - 1, 1900), 0);
      assert.equal(history.observe(0.1), false);
    }
    assert.equal(history.isSlow, false);
  });

  it('makes no alarm of many times a usual tenth of a millisecond, while that is short', () => {
    assert.equal(feed(used(0.1), 1000, slowMilliseconds), 0);
  });

  it('measures a long way against itself', () => {
    const history = used(40);
    assert.equal(feed(history, 50, 40 * slowFactor), 0, 'not above');
    assert.equal(feed(used(40), 50, 40 * slowFactor + 1), 1);
  });

  it('makes a new way slow that takes long to answer at all, until what it takes is known', () => {
    const history = new LatencyHistory();
    assert.equal(feed(history, slowProbes, LinkLimits.probeMilliseconds), 1);
  });

  it('makes it steady only after many probes in succession that are near what is usual', () => {
    const history = used(0.1);
    feed(history, slowProbes, 500);
    assert.equal(feed(history, steadyProbes - 1, 0.1), 0);
    assert.equal(feed(history, 1, 500), 0, 'one late one, and it begins anew');
    assert.equal(feed(history, steadyProbes - 1, steadyMilliseconds), 0);
    assert.equal(history.isSlow, true);
    assert.equal(history.observe(steadyMilliseconds), true);
    assert.equal(history.isSlow, false);
  });

  it('does not flap between the two bounds', () => {
    const between = (steadyMilliseconds + slowMilliseconds) / 2;
    const slow = used(0.1);
    feed(slow, slowProbes, 500);
    assert.equal(feed(slow, 20, between), 0);
    assert.equal(slow.isSlow, true, 'slow stays slow');
    assert.equal(feed(used(0.1), 20, between), 0, 'steady stays steady');
    assert.equal(feed(used(40), 20, 40 * ((steadyFactor + slowFactor) / 2)), 0);
  });

  it('does not get used to being slow, nor forget what was usual under an hour of load', () => {
    const history = used(0.2);
    feed(history, 7200, 500);
    assert.equal(history.isSlow, true);
    assert.equal(history.usual, 0.2);
    feed(history, steadyProbes, 0.2);
    assert.equal(history.isSlow, false);
    feed(history, 7200, 20);
    feed(history, 1, 0.2);
    assert.equal(history.usual, 0.2, 'the way was never longer');
  });

  it('gets used to a way that has become longer within what is not slow', () => {
    const history = used(10);
    feed(history, 7200, 30);
    assert(history.usual !== null && Math.abs(history.usual - 30) < 0.1);
  });
});
