import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Inbound } from '../../../sim/env/inbound.ts';
import { Prng } from '../../../sim/world/prng.ts';

test('what is read is what was put in, whatever the lengths and whatever was dropped between', () => {
  const prng = new Prng(1, 1);
  const inbound = new Inbound();
  let row: number[] = [];
  for (let round = 0; round < 2_000; round += 1) {
    const length = prng.below(prng.pick([10, 200, 20_000]));
    const some = Math.min(length, row.length);
    switch (prng.below(5)) {
      case 0:
      case 1: {
        const chunk = prng.bytes(length);
        inbound.push(chunk);
        row = [...row, ...chunk];
        break;
      }
      case 2: {
        const into = new Uint8Array(some);
        inbound.read(into, some);
        assert.deepEqual([...into], row.slice(0, some));
        row = row.slice(some);
        break;
      }
      case 3:
        inbound.dropFirst(some);
        row = row.slice(some);
        break;
      default:
        inbound.dropLast(some);
        row = row.slice(0, row.length - some);
    }
  }
});
