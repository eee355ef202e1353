import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize } from '../../bench/profile.ts';

const frame = (id: number, functionName: string, url: string) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
});

test('shares are of the busy time, most first, with the place of the function', () => {
  const profile = {
    nodes: [
      frame(1, '(idle)', ''),
      frame(2, 'execute', 'file:///x/dist/src/scsi/router.js'),
      frame(3, 'writev', ''),
    ],
    samples: [1, 2, 3, 3],
    timeDeltas: [1000, 100, 200, 100],
  };
  assert.deepEqual(summarize(profile), [
    ['share', 'function'],
    ['75.0 %', 'writev'],
    ['25.0 %', 'execute src/scsi/router.js:10'],
  ]);
});
