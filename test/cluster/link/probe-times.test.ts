import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProbeTimes } from '../../../src/cluster/link/probe-times.ts';
import { LinkLimits } from '../../../src/limits.ts';

describe('the times of a link’s probes', () => {
  it('show a round trip once', () => {
    const probes = new ProbeTimes();
    assert.equal(probes.take(0), null, 'nothing was sent');
    assert.equal(probes.send(100), 1);
    assert.equal(probes.answer(1, 103), true);
    assert.equal(probes.take(600), 3);
    assert.equal(probes.take(700), null);
  });

  it('show how long the oldest probe has waited that has no answer', () => {
    const probes = new ProbeTimes();
    for (const now of [0, 500, 1000]) probes.send(now);
    probes.answer(1, 1100);
    assert.equal(probes.take(1500), 1000, 'since the second, whatever the first took');
    probes.answer(3, 1600);
    assert.equal(probes.take(1700), 600, 'an answer to a later one will do');
  });

  it('know an answer to no probe, and take nothing from one that comes twice', () => {
    const probes = new ProbeTimes();
    assert.equal(probes.answer(1, 0), false);
    probes.send(0);
    assert.equal(probes.answer(1, 5), true);
    assert.equal(probes.take(10), 5);
    assert.equal(probes.answer(1, 400), true);
    assert.equal(probes.take(500), null);
  });

  it('say nothing of the probes that were on their way while nobody listened here', () => {
    const probes = new ProbeTimes();
    probes.send(0);
    probes.forget();
    assert.equal(probes.take(9000), null);
    probes.answer(1, 9001);
    assert.equal(probes.take(9500), null);
    probes.send(9500);
    probes.answer(2, 9501);
    assert.equal(probes.take(10_000), 1);
  });

  it('wait at least as long as is remembered, where more have no answer', () => {
    const probes = new ProbeTimes();
    const count = LinkLimits.rememberedProbes + 10;
    for (let number = 1; number <= count; number++) probes.send(number * 500);
    assert.equal(probes.take((count + 1) * 500), LinkLimits.rememberedProbes * 500);
    probes.answer(1, (count + 1) * 500);
    assert.equal(probes.take((count + 1) * 500), LinkLimits.rememberedProbes * 500);
  });
});
