import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocationTable } from '../../../../bench/micro/allocations/allocations.ts';
import { allocationSites, type HeapProfileNode } from '../../../../bench/micro/allocations/heap-profile.ts';

const node = (
  id: number,
  functionName: string,
  url: string,
  selfSize: number,
  ...children: HeapProfileNode[]
): HeapProfileNode => ({ id, callFrame: { functionName, url, lineNumber: 9 }, selfSize, children });

const profile = {
  head: node(
    1,
    '(root)',
    '',
    0,
    node(
      2,
      'run',
      'file:///x/dist/bench/micro/session.js',
      400,
      node(
        3,
        'begin',
        'file:///x/dist/src/iscsi/task-table.js',
        80,
        node(4, 'set', '', 160),
        node(5, 'begin', 'file:///x/dist/src/iscsi/task-table.js', 20),
      ),
      node(6, 'subarray', '', 96),
    ),
    node(7, 'post', 'node:inspector', 1000),
  ),
  samples: [2, 3, 3, 4, 5, 6, 7].map((nodeId) => ({ nodeId })),
};

test('a function has all that it has allocated, and what of the language it has called for that stands by itself', () => {
  assert.deepEqual(allocationSites(profile), [
    { name: 'set, called by begin src/iscsi/task-table.js:10', bytes: 160, objects: 1 },
    { name: 'begin src/iscsi/task-table.js:10', bytes: 100, objects: 3 },
  ]);
});

test('the table is of 1,000 commands, where each measurement is of one', () => {
  const sites = [
    { name: 'a', bytes: 512, objects: 2 },
    { name: 'b', bytes: 512, objects: 1.5 },
    { name: 'read src/stores/memory/memory-store.js:10', bytes: 256, objects: 1 },
  ];
  const lines = allocationTable([{ title: 'reads', heapBytes: 1100, externalBytes: 0, sites }]);
  assert.deepEqual(lines[1], ['reads', '1074.2', '0.0', '1000.0', '3500', '250.0', '1000']);
});
