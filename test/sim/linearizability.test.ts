import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { History } from '../../sim/checkers/history.ts';
import { checkHistory } from '../../sim/checkers/linearizability.ts';

/** A history of one block. */
class Block {
  readonly history = new History([1]);

  /** Gives the version. `end`: when it was answered, or null. */
  write(start: number, end: number | null, fua = false): number {
    const write = this.history.beginWrite(0, 0, 1, fua, start);
    if (end === null) return write.version;
    write.end = end;
    write.acknowledged = true;
    return write.version;
  }

  refused(start: number, end: number): number {
    const write = this.history.beginWrite(0, 0, 1, false, start);
    write.end = end;
    return write.version;
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
    const write = this.history.writes[version - 1];
    assert.ok(write !== undefined);
    write.givenUp = at;
  }

  isFine(): void {
    checkHistory(this.history, false);
  }

  isWrong(what: RegExp): void {
    assert.throws(() => checkHistory(this.history, false), what);
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

test('a write that its client has given up is a ghost if it runs afterwards', () => {
  const block = new Block();
  const open = block.write(1, null);
  block.givenUp(open, 4);
  block.write(2, 3);
  const newer = block.write(5, 6);
  block.read(newer, 7, 8);
  block.read(open, 9, 10);
  block.isFine();
  assert.throws(() => checkHistory(block.history, true), /no order of the writes/);
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
