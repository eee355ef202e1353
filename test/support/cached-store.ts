import type { BlockStore } from '../../src/stores/block-store.ts';

/** A store as if it had a write cache or none, and the calls that came to it which change or settle something. */
export class CachedStore {
  readonly calls: string[] = [];
  readonly store: BlockStore;

  constructor(inner: BlockStore, writeCache: boolean) {
    const { calls } = this;
    this.store = {
      ...inner,
      get byteLength() {
        return inner.byteLength;
      },
      writeCache,
      write(position, buffer, durable, done) {
        calls.push(durable ? 'durable write' : 'write');
        inner.write(position, buffer, durable, done);
      },
      flush(done) {
        calls.push('flush');
        inner.flush(done);
      },
      unmap(position, length, done) {
        calls.push('unmap');
        inner.unmap(position, length, done);
      },
      writeZeroes(position, length, done) {
        calls.push('writeZeroes');
        inner.writeZeroes(position, length, done);
      },
    };
  }
}
