import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cpuSeconds,
  ownIoCalls,
  parseCpuSeconds,
  parseIoCalls,
  parseMachineCpuSeconds,
  parseStatusBytes,
  peakMemoryMiB,
  residentBytes,
} from '../../bench/proc.ts';

test('CPU time is user and system time, whatever the process is called', () => {
  const stat = '42 (a (b) c d) S 1 42 42 0 -1 4194560 900 0 0 0 125 75 7 9 20 0 17 0 100 200 300';
  assert.deepEqual(parseCpuSeconds(stat), { own: 2, children: 0.16 });
});

test('of the machine, idle time and interrupts do not count', () => {
  assert.equal(parseMachineCpuSeconds('cpu  100 20 300 9999 9999 50 50 80 7 7\ncpu0 1 2 3\n'), 5);
});

test('peak memory is VmHWM, and what is resident now VmRSS', () => {
  const status = 'Name:\tnode\nVmHWM:\t  131072 kB\nVmRSS:\t 1024 kB\n';
  assert.equal(parseStatusBytes(status, 'VmHWM'), 128 << 20);
  assert.equal(parseStatusBytes(status, 'VmRSS'), 1 << 20);
});

test('calls are those that read and those that write', () => {
  const io = 'rchar: 900\nwchar: 800\nsyscr: 12\nsyscw: 34\nread_bytes: 5\n';
  assert.deepEqual(parseIoCalls(io), { reads: 12, writes: 34 });
  assert.throws(() => parseIoCalls('rchar: 900\n'), /no numbers of calls/);
});

test('all can be had of a running process', () => {
  assert.ok(cpuSeconds(process.pid) > 0);
  assert.ok(peakMemoryMiB(process.pid) > 1);
  assert.ok(residentBytes(process.pid) > 1 << 20);
  assert.ok(ownIoCalls().reads > 0);
});
