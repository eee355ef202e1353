import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { History, type WriteRecord, type WriteRequest } from '../../sim/checkers/history.ts';
import { checkHistory } from '../../sim/checkers/linearizability.ts';

/** A history of one block. */
class Block {
  readonly history = new History([1]);

  /** Gives the version. `end`: when it was answered, or null. */
  write(start: number, end: number | null, fua = false): number {
    return this.#begin({ start, end, fua });
  }

  refused(start: number, end: number): number {
    const version = this.write(start, null);
    this.#record(version).end = end;
    return version;
  }

  zero(start: number, end: number | null): number {
    return this.#begin({ kind: 'zeroes', start, end });
  }

  compareAndWrite(expected: number, start: number, end: number | null): number {
    return this.#begin({ expected, start, end });
  }

  miscompare(expected: number, start: number, end: number): number {
    const version = this.compareAndWrite(expected, start, null);
    this.#record(version).end = end;
    this.#record(version).miscompared = true;
    this.#record(version).neverRan = true;
    return version;
  }

  notReady(start: number, end: number): number {
    const version = this.refused(start, end);
    this.#record(version).neverRan = true;
    return version;
  }

  read(version: number, start: number, end: number): void {
    this.history.read(0, 0, version, start, end);
  }

  flush(start: number, end: number): void {
    this.history.unit(0).flushes.push({ start, end });
  }

  ownerDied(start: number, after: 'kill' | 'power', held: number): void {
    this.history.unit(0).eras.push({ start, after, versions: new Uint32Array([held]) });
  }

  givenUp(version: number, at: number): void {
    this.#record(version).givenUp = at;
  }

  #begin({
    end,
    ...request
  }: Partial<WriteRequest> & { readonly start: number; readonly end: number | null }): number {
    const place = { unit: 0, lba: 0, blocks: 1, writer: 0 };
    const usual = { ...place, kind: 'blocks', fua: false, expected: null } as const;
    const write = this.history.beginWrite({ ...usual, ...request });
    if (end === null) return write.version;
    write.end = end;
    write.acknowledged = true;
    return write.version;
  }

  #record(version: number): WriteRecord {
    const write = this.history.writes[version - 1];
    assert.ok(write !== undefined);
    return write;
  }

  isFine(): void {
    checkHistory(this.history);
  }

  isWrong(what: RegExp): void {
    assert.throws(() => checkHistory(this.history), what);
  }
}

test('writes one after the other are read in their order', () => {
  const block = new Block();
  block.read(0, 0, 1);
  const first = block.write(2, 3);
  block.read(first, 4, 5);
  const second = block.write(6, 7);
  block.read(second, 8, 9);
  block.isFine();
});

test('a read of what an acknowledged write has replaced is wrong', () => {
  const block = new Block();
  const first = block.write(1, 2);
  block.write(3, 4);
  block.read(first, 5, 6);
  block.isWrong(/no order of the writes/);
});

test('writes at one time may be read in any order, but in one', () => {
  const block = new Block();
  const one = block.write(1, 10);
  const other = block.write(1, 10);
  block.read(other, 2, 3);
  block.read(one, 4, 5);
  block.isFine();
  block.read(other, 6, 7);
  block.isWrong(/no order of the writes/);
});

test('a write that was never answered may run late, or not at all', () => {
  const block = new Block();
  const open = block.write(1, null);
  const later = block.write(5, 6);
  block.read(later, 7, 8);
  block.isFine();
  block.read(open, 9, 10);
  block.isFine();
});

test('a write that was refused, or aborted with an answer, does not run afterwards', () => {
  const block = new Block();
  const refused = block.refused(1, 2);
  const later = block.write(3, 4);
  block.read(later, 5, 6);
  block.read(refused, 7, 8);
  block.isWrong(/no order of the writes/);
});

test('a write does not run once its client has given it up', () => {
  const block = new Block();
  const open = block.write(1, null);
  block.givenUp(open, 4);
  block.write(2, 3);
  const newer = block.write(5, 6);
  block.read(newer, 7, 8);
  block.read(open, 9, 10);
  block.isWrong(/no order of the writes/);
});

test('without power, what was not flushed may be lost', () => {
  const block = new Block();
  block.write(1, 2);
  block.ownerDied(5, 'power', 0);
  block.read(0, 6, 7);
  block.isFine();
});

test('without power, what was flushed is not lost', () => {
  const block = new Block();
  block.write(1, 2);
  block.flush(3, 4);
  block.ownerDied(5, 'power', 0);
  block.isWrong(/version 1 is lost \(power\)/);
});

test('a write with FUA is not lost', () => {
  const block = new Block();
  block.write(1, 2, true);
  block.ownerDied(5, 'power', 0);
  block.isWrong(/version 1 is lost \(power\)/);
});

test('a process that is killed loses nothing that it has acknowledged', () => {
  const block = new Block();
  block.write(1, 2);
  block.ownerDied(5, 'kill', 0);
  block.isWrong(/version 1 is lost \(kill\)/);
});

test('what was lost does not come back', () => {
  const block = new Block();
  const lost = block.write(1, 2);
  block.ownerDied(5, 'power', 0);
  block.read(lost, 6, 7);
  block.isWrong(/before the owner died appears after it/);
});

test('what a killed process left in the cache may be lost with the power later', () => {
  const block = new Block();
  const cached = block.write(1, 2);
  block.ownerDied(5, 'kill', cached);
  block.ownerDied(8, 'power', 0);
  block.isFine();
});

test('zeroes that were written replace what was there', () => {
  const block = new Block();
  const written = block.write(1, 2);
  block.zero(3, 4);
  block.read(0, 5, 6);
  block.isFine();
  block.read(written, 7, 8);
  block.isWrong(/no order of the writes/);
});

test('zeroes are wrong where something else has taken their place', () => {
  const block = new Block();
  block.zero(1, 2);
  block.write(3, 4);
  block.read(0, 5, 6);
  block.isWrong(/zeroes that no write explains/);
});

test('zeroes are wrong where something else was seen since the last of them', () => {
  const block = new Block();
  block.zero(1, 2);
  const open = block.write(1, null);
  block.read(open, 3, 4);
  block.read(0, 5, 6);
  block.isWrong(/zeroes that no write explains/);
});

test('zeroes may come of a write of zeroes that was never answered', () => {
  const block = new Block();
  block.zero(1, null);
  const written = block.write(3, 4);
  block.read(written, 5, 6);
  block.read(0, 7, 8);
  block.isFine();
});

test('zeroes that are read while a version is held all along are wrong', () => {
  const block = new Block();
  const written = block.write(1, 2);
  block.zero(1, null);
  block.read(0, 4, 5);
  block.read(written, 6, 7);
  block.isWrong(/no order of the writes/);
});

test('without power, zeroes that were flushed are not lost', () => {
  const block = new Block();
  const written = block.write(1, 2);
  block.zero(3, 4);
  block.flush(5, 6);
  block.ownerDied(7, 'power', written);
  block.isWrong(/is lost \(power\)/);
});

test('without power, what was flushed is not lost to zeroes of before it', () => {
  const block = new Block();
  block.zero(1, 2);
  block.write(3, 4);
  block.flush(5, 6);
  block.ownerDied(7, 'power', 0);
  block.isWrong(/is lost \(power\)/);
});

test('two that compare with the same version do not both write', () => {
  const block = new Block();
  const held = block.write(1, 2);
  block.compareAndWrite(held, 3, 10);
  block.isFine();
  block.compareAndWrite(held, 4, 11);
  block.isWrong(/two compared with the same version/);
});

test('nothing comes between the version that was compared and the one that was written', () => {
  const block = new Block();
  const held = block.write(1, 2);
  const between = block.write(3, 10);
  const written = block.compareAndWrite(held, 4, 12);
  block.read(between, 5, 6);
  block.isFine();
  block.read(written, 13, 14);
  block.isWrong(/no order of the writes/);
});

test('a write that runs before the version that another write expected is no fault', () => {
  const block = new Block();
  const other = block.write(1, 20);
  const held = block.write(2, 3);
  const written = block.compareAndWrite(held, 4, 5);
  block.read(other, 6, 7);
  block.isFine();
  block.read(written, 8, 9);
  block.isWrong(/no order of the writes/);
});

test('a miscompare is wrong where the block held what was expected all along', () => {
  const block = new Block();
  const held = block.write(1, 2);
  block.miscompare(held, 3, 4);
  block.isFine();
  block.read(held, 5, 6);
  block.isWrong(/a miscompare of what the block held/);
});

test('what was answered NOT READY has not run, not even before the answer', () => {
  const block = new Block();
  const refused = block.notReady(1, 5);
  block.read(refused, 2, 3);
  block.isWrong(/a value that was not written here/);
});

test('what has miscompared has not run', () => {
  const block = new Block();
  const refused = block.miscompare(0, 3, 4);
  block.read(refused, 5, 6);
  block.isWrong(/a value that was not written here/);
});
