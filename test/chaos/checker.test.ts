import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { type Attempt, Checker } from './checker.ts';
import { type FindingKind, Findings } from './findings.ts';
import { BLOCK_LENGTH, writeStamp } from './stamp.ts';

const RANGE = { unit: 1, block: 10, blocks: 2 };
const WRITER = 3;

describe('the checker of the chaos test', () => {
  let findings: Findings;
  let checker: Checker;
  beforeEach(() => {
    findings = new Findings();
    checker = new Checker(findings);
  });

  const begin = (path = 'direct'): Attempt => checker.beginWrite(RANGE, checker.newOperation(), WRITER, path);
  function acknowledged(): Attempt {
    const attempt = begin();
    checker.acknowledged(attempt);
    return attempt;
  }
  function lost(): Attempt {
    const attempt = begin();
    checker.givenUp(attempt, 'lost');
    return attempt;
  }
  function read(data: Buffer, atTheEnd = false): void {
    checker.endRead(checker.beginRead(RANGE, 'proxied'), data, atTheEnd);
  }
  function found(...kinds: readonly FindingKind[]): void {
    assert.deepEqual(
      findings.all.map(({ kind }) => kind),
      kinds,
    );
  }

  test('takes zeroes until something was written, and the newest version from then on', () => {
    read(Buffer.alloc(2 * BLOCK_LENGTH));
    acknowledged();
    read(checker.dataOf(acknowledged()));
    found();
  });

  test('takes the version before or the one under way while a write is', () => {
    const old = acknowledged();
    const under = begin();
    read(checker.dataOf(old));
    read(checker.dataOf(under));
    found();
  });

  test('takes one block of each: writes are whole by the block alone', () => {
    const old = checker.dataOf(acknowledged());
    const under = checker.dataOf(begin());
    read(Buffer.concat([old.subarray(0, BLOCK_LENGTH), under.subarray(BLOCK_LENGTH)]));
    found();
  });

  test('takes an attempt that was given up, until a newer one was acknowledged', () => {
    acknowledged();
    const given = lost();
    read(checker.dataOf(given));
    found();
  });

  test('complains of a stale read', () => {
    const old = acknowledged();
    acknowledged();
    read(checker.dataOf(old));
    found('stale', 'stale');
  });

  test('complains of what was read and is gone again, acknowledged or not', () => {
    const old = acknowledged();
    const given = lost();
    read(checker.dataOf(given));
    read(checker.dataOf(old));
    found('stale', 'stale');
  });

  test('takes a read that began before the newer version was acknowledged', () => {
    const old = acknowledged();
    const running = checker.beginRead(RANGE, 'proxied');
    acknowledged();
    checker.endRead(running, checker.dataOf(old));
    found();
  });

  test('complains of an acknowledged write that is lost at the end', () => {
    acknowledged();
    read(Buffer.alloc(2 * BLOCK_LENGTH), true);
    found('lost', 'lost');
  });

  test('complains of a ghost: a write that was given up and appears after a newer one', () => {
    const given = lost();
    acknowledged();
    read(checker.dataOf(given));
    found('ghost', 'ghost');
  });

  test('says where a ghost is of the operation that was sent again, which has the same data in a real host', () => {
    const operation = checker.newOperation();
    const first = checker.beginWrite(RANGE, operation, WRITER, 'direct');
    checker.givenUp(first, 'lost');
    checker.acknowledged(checker.beginWrite(RANGE, operation, WRITER, 'proxied'));
    read(checker.dataOf(first));
    found('ghost', 'ghost');
    for (const { text } of findings.all) assert.match(text, /of the same operation$/);
  });

  test('complains of one thing once', () => {
    const old = acknowledged();
    acknowledged();
    read(checker.dataOf(old));
    read(checker.dataOf(old));
    found('stale', 'stale');
  });

  test('complains of a torn block', () => {
    const old = checker.dataOf(acknowledged());
    const data = checker.dataOf(begin());
    old.copy(data, 256, 256, BLOCK_LENGTH);
    read(data);
    found('torn');
  });

  test('complains of bytes that nobody wrote', () => {
    acknowledged();
    read(Buffer.alloc(2 * BLOCK_LENGTH, 0x5a));
    found('foreign', 'foreign');
  });

  test('complains of the bytes of another block, unit or writer, and of a version that nobody wrote', () => {
    const { version } = acknowledged();
    const right = { unit: RANGE.unit, block: RANGE.block, version, writer: WRITER };
    const wrong = [{ unit: 2 }, { block: 11 }, { writer: 4 }, { version: version + 1 }];
    for (const change of wrong) {
      const data = Buffer.alloc(BLOCK_LENGTH);
      writeStamp(data, 0, { ...right, ...change });
      checker.endRead(checker.beginRead({ ...RANGE, blocks: 1 }, 'direct'), data);
    }
    found('foreign', 'foreign', 'foreign', 'foreign');
  });

  test('complains of a read that gives less than it was asked for', () => {
    read(Buffer.alloc(BLOCK_LENGTH));
    found('refused');
  });
});
