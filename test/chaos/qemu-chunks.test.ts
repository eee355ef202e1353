import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Prng } from '../../sim/world/prng.ts';
import { Findings } from './findings.ts';
import { CHUNK_BYTES, type Chunk, QemuChunks, type QemuStep } from './qemu-chunks.ts';

/** As qemu-io prints it. */
const wrote = ({ chunk }: QemuStep) =>
  `wrote ${CHUNK_BYTES}/${CHUNK_BYTES} bytes at offset ${chunk.offset}\n64 KiB, 1 ops; 00.00 sec (1.3 MiB/sec)\n`;
const read = (step: QemuStep) => wrote(step).replace('wrote', 'read');
const failed = ({ chunk }: QemuStep) =>
  `Pattern verification failed at offset ${chunk.offset}, ${CHUNK_BYTES} bytes\n`;
const dump = (...bytes: readonly number[]) =>
  bytes
    .map((byte) => `02000000: ${` ${byte.toString(16).padStart(2, '0')}`.repeat(16)}  ................\n`)
    .join('');

describe('what QEMU was told', () => {
  let findings: Findings;
  let chunks: QemuChunks;
  let chunk: Chunk;
  beforeEach(() => {
    findings = new Findings();
    chunks = new QemuChunks(findings);
    chunk = chunks.pick(new Prng(1, 0));
  });

  function acknowledged(): number {
    const step = chunks.write(chunk);
    chunks.ended([step], wrote(step));
    assert(chunks.isKnown(chunk));
    return step.write?.byte ?? 0;
  }
  function lost(): number {
    const step = chunks.write(chunk);
    chunks.ended([step], 'write failed: Input/output error\n');
    assert(!chunks.isKnown(chunk));
    return step.write?.byte ?? 0;
  }
  function kinds(): string[] {
    return findings.all.map(({ kind }) => kind);
  }

  test('counts what was printed before a process failed, and nothing behind it', () => {
    const steps = [chunks.write(chunk), chunks.read(chunk), chunks.write(chunk)];
    const [first, second] = steps;
    assert(first && second);
    assert.deepEqual(
      chunks.ended(steps, `${wrote(first)}${read(second)}write failed: Input/output error\n`),
      [],
    );
    assert.deepEqual(
      steps.map(({ done }) => done),
      [true, true, false],
    );
  });

  test('has a chunk looked at whose pattern is not there', () => {
    acknowledged();
    const step = chunks.read(chunk);
    assert.deepEqual(chunks.ended([step], `${failed(step)}${read(step)}`), [chunk]);
  });

  test('does not take the read behind a write that failed for a fault', () => {
    const steps = [chunks.write(chunk), chunks.read(chunk)];
    const [, second] = steps;
    assert(second);
    assert.deepEqual(
      chunks.ended(steps, `write failed: Input/output error\n${failed(second)}${read(second)}`),
      [],
    );
  });

  test('tells a stale chunk, a ghost and foreign bytes from each other', () => {
    const stale = acknowledged();
    const ghost = lost();
    const newest = acknowledged();
    chunks.complain(chunk, dump(newest, stale), 'here');
    chunks.complain(chunk, dump(ghost, newest), 'here');
    chunks.complain(chunk, dump(0, newest), 'here');
    assert.deepEqual(kinds(), ['stale', 'ghost', 'foreign']);
  });

  test('complains too where the right bytes are back by the time one looks', () => {
    chunks.complain(chunk, dump(acknowledged()), 'here');
    assert.deepEqual(kinds(), ['stale']);
  });
});
