import type { Errno, Extent, Space } from '../../env/disk.ts';
import type { BlockStore, StoreDone } from '../block-store.ts';
import { RunningCalls } from '../running-calls.ts';
import type { StoreOperation } from './operation.ts';

type Gate = (operation: StoreOperation, run: () => void, fail: (error: Errno) => void) => void;

/**
 * What delay and faulty have in common: every call comes to `gate`, which runs it, runs it later, or fails it
 * instead. Exactly one of `run` and `fail` must be called. Nothing is read without asking: readCached is false.
 */
export function gated(store: BlockStore, gate: Gate): BlockStore {
  const running = new RunningCalls();
  const pass = (operation: StoreOperation, run: (done: StoreDone) => void, done: StoreDone): void => {
    const ended = running.begin(done);
    gate(operation, () => run(ended), ended);
  };
  return {
    blockLength: store.blockLength,
    get byteLength() {
      return store.byteLength;
    },
    writeCache: store.writeCache,
    thin: store.thin,
    readCached: () => false,
    read(position, buffer, done) {
      const operation = { kind: 'read', position, length: buffer.length } as const;
      pass(operation, (ended) => store.read(position, buffer, ended), done);
    },
    write(position, buffer, durable, done) {
      const operation = { kind: 'write', position, length: buffer.length } as const;
      pass(operation, (ended) => store.write(position, buffer, durable, ended), done);
    },
    flush(done) {
      pass({ kind: 'flush', position: 0, length: 0 }, (ended) => store.flush(ended), done);
    },
    unmap(position, length, done) {
      pass({ kind: 'unmap', position, length }, (ended) => store.unmap(position, length, ended), done);
    },
    writeZeroes(position, length, done) {
      pass(
        { kind: 'writeZeroes', position, length },
        (ended) => store.writeZeroes(position, length, ended),
        done,
      );
    },
    extentAt(position, done) {
      let found: Extent | null = null;
      const find = (ended: StoreDone): void =>
        store.extentAt(position, (error, extent) => {
          found = extent;
          ended(error);
        });
      pass({ kind: 'extentAt', position, length: 0 }, find, (error) => done(error, found));
    },
    grow(byteLength, done) {
      pass({ kind: 'grow', position: 0, length: 0 }, (ended) => store.grow(byteLength, ended), done);
    },
    space(done) {
      let found: Space | null = null;
      const ask = (ended: StoreDone): void =>
        store.space((error, space) => {
          found = space;
          ended(error);
        });
      pass({ kind: 'space', position: 0, length: 0 }, ask, (error) => done(error, found));
    },
    async close() {
      await running.ended();
      await store.close();
    },
  };
}
