import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from '../../bench/options.ts';
import { subCommands } from '../../bench/sub-commands.ts';

test('without options everything is measured, five times', () => {
  const options = parseOptions([]);
  assert.equal(options.rounds, 5);
  assert.equal(options.workloads.length, 5);
  assert.equal(options.subCommand, null);
});

test('rows can be picked', () => {
  const { workloads } = parseOptions(['--only', 'read-4k-1', '--only', 'write-256k-8', '--rounds', '2']);
  assert.deepEqual(
    workloads.map((workload) => workload.name),
    ['read-4k-1', 'write-256k-8'],
  );
});

test('micro takes a filter, scale the names of its parts, the others take none', () => {
  assert.equal(parseOptions(['micro', 'deframer']).filter, 'deframer');
  for (const part of ['sessions', 'depth', 'units', 'idle'])
    assert.equal(parseOptions(['scale', part]).filter, part);
  assert.throws(() => parseOptions(['scale', 'deframer']), /what is "scale deframer"/);
  assert.throws(() => parseOptions(['scale', 'session']), /scale \[sessions \| depth \| units \| idle\]/);
  assert.throws(() => parseOptions(['digests', 'sessions']), /what is "digests sessions"/);
});

test('a sub-command has its own number of rounds and seconds, unless they are given', () => {
  const { subCommand, rounds, seconds } = parseOptions(['scale', '--seconds', '7']);
  assert.equal(subCommand, subCommands.get('scale'));
  assert.deepEqual([rounds, seconds], [subCommand?.rounds, 7]);
});

test('help is of all, or of one sub-command', () => {
  for (const name of subCommands.keys()) {
    assert.match(parseOptions(['--help']).help ?? '', new RegExp(`npm run bench -- ${name}`));
    assert.match(parseOptions([name, '--help']).help ?? '', new RegExp(`^npm run bench -- ${name} .*--json`));
  }
  assert.equal(parseOptions(['scale']).help, null);
});

test('mistakes are named', () => {
  assert.throws(() => parseOptions(['--only', 'read']), /no row "read": read-4k-1, /);
  assert.throws(() => parseOptions(['--rounds', '0']), /--rounds takes a whole number/);
  assert.throws(() => parseOptions(['micro', '--seconds', '3']), /--seconds means nothing here/);
  assert.throws(() => parseOptions(['macro']), /what is "macro"/);
});
