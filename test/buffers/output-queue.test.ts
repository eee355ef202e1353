import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { OutputQueue } from '../../src/buffers/output-queue.ts';
import type { ByteStream } from '../../src/env/network.ts';

/** A stream that keeps what it is given until the test says that it is sent, and a clock that waits for the turn's end. */
function setUp() {
  const writes: { bytes: string; chunks: number; written: () => void }[] = [];
  const turnEnds: (() => void)[] = [];
  const stream: ByteStream = {
    localAddress: 'here',
    remoteAddress: 'there',
    bytesAreSafe: true,
    provenPeer: null,
    unsentBytes: 0,
    attach: () => undefined,
    write: (chunks, written) => {
      writes.push({ bytes: Buffer.concat(chunks).toString('latin1'), chunks: chunks.length, written });
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    destroy: () => undefined,
  };
  const clock = {
    now: () => 0,
    wallTime: () => 0,
    after: () => ({ cancel: () => undefined }),
    endOfTurn: (run: () => void) => void turnEnds.push(run),
  };
  const pool = new BufferPool(1 << 24);
  const output = new OutputQueue(stream, clock, pool);
  const endTurn = () => {
    for (const run of turnEnds.splice(0)) run();
  };
  return { output, pool, writes, endTurn, turnEnds };
}

const bytes = (text: string) => Buffer.from(text, 'latin1');
const large = (fill: string, length = 20000) => Buffer.alloc(length, fill);

describe('the output queue', () => {
  it('sends everything of one turn in one write, in order, small pieces side by side', () => {
    const { output, writes, endTurn, turnEnds } = setUp();
    output.put(bytes('head'));
    output.lend(bytes('data'), null);
    output.endMessage();
    output.put(bytes('next'));
    assert.equal(writes.length, 0, 'nothing before the end of the turn');
    assert.equal(turnEnds.length, 1);
    endTurn();
    assert.equal(writes.length, 1);
    assert.deepEqual([writes[0]?.bytes, writes[0]?.chunks], ['headdatanext', 1]);
  });

  it('passes large pieces by reference, between what was copied', () => {
    const { output, writes, endTurn } = setUp();
    output.put(bytes('a'));
    output.lend(large('b'), null);
    output.put(bytes('c'));
    endTurn();
    assert.equal(writes[0]?.bytes, `a${'b'.repeat(20000)}c`);
    assert.equal(writes[0]?.chunks, 3);
  });

  it('lets go of a lease at once if its bytes were copied, else when they are sent', () => {
    const { output, pool, writes, endTurn } = setUp();
    const small = pool.take(100);
    const big = pool.take(20000);
    output.lend(small.bytes, small);
    const before = pool.leasedBytes;
    output.lend(big.bytes, big);
    endTurn();
    assert.equal(pool.leasedBytes, before, 'the large one is still out');
    writes[0]?.written();
    assert.equal(pool.leasedBytes, 0);
  });

  it('lets urgent messages overtake what waits, but never in the middle of a message', () => {
    const { output, writes, endTurn } = setUp();
    for (let message = 0; message < 8; message++) {
      output.put(bytes('('));
      output.lend(large('.', 300000), null);
      output.put(bytes(')'));
      output.endMessage();
    }
    endTurn();
    const handedOver = writes.length;
    assert.ok(handedOver < 8, 'the stream is not handed everything');
    output.putUrgent(bytes('URGENT'));
    endTurn();
    assert.equal(writes[handedOver]?.bytes, 'URGENT');
    for (let at = 0; at < writes.length; at++) writes[at]?.written();
    const all = writes.map((write) => write.bytes).join('');
    assert.equal(all.replace('URGENT', ''), `(${'.'.repeat(300000)})`.repeat(8));
    assert.match(all, /\)URGENT\(/);
  });

  it('goes on when the stream has taken what it was handed', () => {
    const { output, writes, endTurn } = setUp();
    for (let message = 0; message < 6; message++) {
      output.lend(large('x', 400000), null);
      output.endMessage();
    }
    endTurn();
    const first = writes.length;
    writes[0]?.written();
    assert.equal(writes.length, first + 1);
  });

  it('gives back every lease when the stream dies, and takes no more', () => {
    const { output, pool, writes, endTurn } = setUp();
    const handed = pool.take(20000);
    output.lend(handed.bytes, handed);
    endTurn();
    const waiting = pool.take(20000);
    output.lend(waiting.bytes, waiting);
    output.drop();
    const late = pool.take(20000);
    output.lend(late.bytes, late);
    endTurn();
    for (const write of writes) write.written();
    assert.equal(pool.leasedBytes, 0);
    assert.equal(writes.length, 1);
  });

  it('releases a lease whose pieces were lent before, when they are out', () => {
    const { output, pool, writes, endTurn } = setUp();
    const lease = pool.take(40000);
    output.lend(lease.bytes.subarray(0, 20000), null);
    endTurn();
    output.releaseWhenSent(lease);
    assert.equal(pool.leasedBytes, 40000);
    writes[0]?.written();
    assert.equal(pool.leasedBytes, 0);
    const unused = pool.take(10);
    output.releaseWhenSent(unused);
    assert.equal(pool.leasedBytes, 0);
  });

  it('keeps a lease that the stream is still sending, though what follows is dropped', () => {
    const { output, pool, writes, endTurn } = setUp();
    const lease = pool.take(40000);
    output.lend(lease.bytes, null);
    endTurn();
    output.drop();
    output.releaseWhenSent(lease);
    assert.equal(pool.leasedBytes, 40000);
    writes[0]?.written();
    assert.equal(pool.leasedBytes, 0);
  });

  it('does not keep a full batch until the end of the turn', () => {
    const { output, writes } = setUp();
    output.put(bytes('head'));
    output.lend(large('x', 300000), null);
    assert.equal(writes.length, 0, 'not in the middle of a message');
    output.endMessage();
    assert.equal(writes[0]?.bytes.length, 300004);
  });

  it('hands over no more writes than a stream that takes nothing can be expected to keep', () => {
    const { output, writes, endTurn } = setUp();
    for (let turn = 0; turn < 200; turn++) {
      output.put(bytes('x'));
      output.endMessage();
      endTurn();
    }
    assert.equal(writes.length, 64);
    for (let at = 0; at < writes.length; at++) writes[at]?.written();
    assert.equal(writes.map((write) => write.bytes).join(''), 'x'.repeat(200));
  });
});
