import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skips, stale, toolFaults, unexpected } from './expected.ts';
import type { Outcome } from './iscsi-test-cu.ts';
import { complaints, markdown } from './report.ts';

const [skipped = ''] = skips.keys();
const [failed = ''] = toolFaults.keys();
const outcome = (name: string, verdict: Outcome['verdict']): Outcome => ({
  name,
  verdict,
  reason: 'its words',
});

test('a failure or a skip that is not listed is complained of, and one that is listed is not', () => {
  const listed = [outcome('A.One', 'passed'), outcome(skipped, 'skipped'), outcome(failed, 'failed')];
  assert.deepEqual(unexpected(listed), []);
  const others = [
    outcome('A.One', 'skipped'),
    outcome('A.Two', 'failed'),
    outcome(skipped, 'failed'),
    outcome(failed, 'skipped'),
    outcome(failed, 'crashed'),
    outcome(failed, 'timed out'),
  ];
  assert.deepEqual(unexpected([...listed, ...others]), others);
  assert.deepEqual(complaints({ kind: 'local', outcomes: [outcome('A.Two', 'failed')] }), [
    'local: A.Two failed: its words',
  ]);
});

test('what is listed and did not happen is named', () => {
  const all = [...skips.keys()].map((name) => outcome(name, 'skipped'));
  assert.ok(!stale(all).includes(skipped));
  assert.ok(stale(all.slice(1)).includes(skipped));
  assert.ok(stale(all).includes(failed));
});

test('the page says why each test failed or was skipped, and at which ports if not at all', () => {
  const outcomes = [outcome(skipped, 'skipped'), outcome(failed, 'failed'), outcome('A.One', 'passed')];
  const passed = outcomes.map(({ name }) => outcome(name, 'passed'));
  const page = markdown([
    { kind: 'local', outcomes },
    { kind: 'proxy', outcomes: passed },
  ]);
  assert.match(page, /\| local \| 1 \| 1 \| 1 \| 0 \| 0 \|/);
  assert.match(page, new RegExp(`### ${failed} \\[local\\]`));
  assert.ok(page.includes(`\`${skipped}\` [local]: ${skips.get(skipped)}`));
  assert.ok(page.includes(toolFaults.get(failed)?.trace ?? '?'));
});
