import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Address, ByteStream, Listener } from '../../../src/env/network.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { temporaryFolder } from '../../stores/temporary.ts';
import { RecordingHandler } from './stream-peer.ts';

const key = { partner: 'me', id: '0123456789abcdef', secret: new Uint8Array(32).fill(7) };
const { network } = nodeEnv({ keys: { self: 'me', current: () => [key] } });

interface Pair {
  readonly listener: Listener;
  readonly client: ByteStream;
  readonly server: ByteStream;
}

const folder = (t: TestContext): string => temporaryFolder((undo) => t.after(undo));

const addresses: readonly [string, (t: TestContext) => Address][] = [
  ['tcp', () => ({ transport: 'tcp', host: '127.0.0.1', port: 0 })],
  ['tcp6', () => ({ transport: 'tcp', host: '::1', port: 0 })],
  ['tls', () => ({ transport: 'tls', host: '127.0.0.1', port: 0, system: 'me' })],
  ['unix', (t) => ({ transport: 'unix', path: join(folder(t), 'link') })],
];

/** A connected pair whose handlers are attached. The test's end destroys both. */
async function connectedPair(
  t: TestContext,
  address: Address,
  clientHandler: RecordingHandler,
  serverHandler: RecordingHandler,
): Promise<Pair> {
  let accept: (stream: ByteStream) => void = () => {};
  const accepted = new Promise<ByteStream>((resolve) => {
    accept = resolve;
  });
  const listener = await network.listen(address, (stream) => {
    stream.attach(serverHandler);
    accept(stream);
  });
  const client = await new Promise<ByteStream>((resolve, reject) => {
    const connected = (stream: ByteStream): void => {
      stream.attach(clientHandler);
      resolve(stream);
    };
    network.connect(listener.address, connected, (reason) => reject(new Error(reason)));
  });
  const server = await accepted;
  t.after(() => {
    listener.close();
    client.destroy('the test is over');
    server.destroy('the test is over');
  });
  return { listener, client, server };
}

const text = (handler: RecordingHandler): string => Buffer.from(handler.bytes).toString('latin1');
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const written = (stream: ByteStream, chunks: readonly Uint8Array[]): Promise<void> =>
  new Promise((resolve) => stream.write(chunks, resolve));
/** More than the sockets' buffers of both ends can hold. */
const FLOOD = 64 << 20;

for (const [name, addressOf] of addresses) {
  const pairTest = (
    what: string,
    body: (pair: Pair, client: RecordingHandler, server: RecordingHandler) => Promise<void>,
    serverBuffers: readonly number[] = [65536],
  ): void => {
    test(`${name}: ${what}`, async (t) => {
      const clientHandler = new RecordingHandler();
      const serverHandler = new RecordingHandler(serverBuffers);
      const pair = await connectedPair(t, addressOf(t), clientHandler, serverHandler);
      await body(pair, clientHandler, serverHandler);
    });
  };

  pairTest('bytes arrive in order, both ways', async ({ client, server }, clientHandler, serverHandler) => {
    await Promise.all([
      written(client, [bytes('ab'), bytes('c'), bytes('def')]),
      written(client, [bytes('gh')]),
      written(server, [bytes('12'), bytes('3')]),
    ]);
    await Promise.all([serverHandler.untilBytes(8), clientHandler.untilBytes(3)]);
    assert.equal(text(serverHandler), 'abcdefgh');
    assert.equal(text(clientHandler), '123');
  });

  pairTest(
    'any length of receive buffer will do',
    async ({ client }, _, serverHandler) => {
      const data = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7) & 0xff);
      await written(client, [data.subarray(0, 10), data.subarray(10)]);
      await serverHandler.untilBytes(data.length);
      assert(Buffer.from(data).equals(Uint8Array.from(serverHandler.bytes)));
    },
    [1, 3, 4096, 7, 65536, 100_000],
  );

  pairTest(
    'after the first bytes, both ends receive in place',
    async (pair, clientHandler, serverHandler) => {
      // A buffer asked for before there are bytes for it is one that the kernel fills.
      for (const [stream, handler] of [
        [pair.server, clientHandler],
        [pair.client, serverHandler],
      ] as const) {
        await written(stream, [bytes('a')]);
        await handler.untilBytes(1);
        await new Promise(setImmediate);
        assert.equal(handler.asked, 2);
        await written(stream, [bytes('bc')]);
        await handler.untilBytes(3);
        await new Promise(setImmediate);
        assert.equal(handler.asked, 3);
        assert.equal(text(handler), 'abc');
      }
    },
  );

  pairTest('written is called later, never from inside write', async ({ client }) => {
    let inside = true;
    const both = [bytes('a')].map(
      (chunk) => new Promise<void>((resolve) => client.write([chunk], () => resolve(assert(!inside)))),
    );
    both.push(new Promise<void>((resolve) => client.write([], () => resolve(assert(!inside)))));
    inside = false;
    await Promise.all(both);
    assert.equal(client.unsentBytes, 0);
  });

  pairTest(
    'destroy gives every borrowed chunk back, once, before closed',
    async ({ client, server }, handler) => {
      server.pause();
      const calls = [0, 0, 0, 0];
      const count = (at: number) => () => {
        assert.equal(handler.closedWith.length, 0);
        calls[at] = (calls[at] ?? 0) + 1;
      };
      client.write([new Uint8Array(FLOOD)], count(0));
      client.write([new Uint8Array(100), new Uint8Array(100)], count(1));
      assert(client.unsentBytes >= 200);
      client.destroy('enough');
      const late = new Promise<void>((resolve) => client.write([bytes('x')], () => resolve(count(2)())));
      assert.deepEqual(handler.closedWith, []);
      await handler.untilClosed();
      await late;
      assert.deepEqual(calls, [1, 1, 1, 0]);
      assert.deepEqual(handler.closedWith, ['enough']);
      await written(client, [bytes('after closed')]);
      client.destroy('again');
      client.end();
      assert.deepEqual(handler.closedWith, ['enough']);
    },
  );

  pairTest(
    'the peer’s end closes, once, and gives chunks back',
    async ({ client, server }, clientHandler, serverHandler) => {
      client.pause();
      let returned = 0;
      server.write([new Uint8Array(FLOOD)], () => returned++);
      client.destroy('gone');
      await Promise.all([serverHandler.untilClosed(), clientHandler.untilClosed()]);
      assert.equal(returned, 1);
      assert.equal(serverHandler.closedWith.length, 1);
    },
  );

  pairTest(
    'end sends what was written, and the peer sees it whole',
    async ({ client }, clientHandler, serverHandler) => {
      client.write([new Uint8Array(1 << 20).fill(7)], () => {});
      client.end();
      await Promise.all([serverHandler.untilClosed(), clientHandler.untilClosed()]);
      assert.equal(serverHandler.bytes.length, 1 << 20);
      assert.deepEqual(serverHandler.closedWith, ['closed by peer']);
      assert.deepEqual(clientHandler.closedWith, ['ended']);
    },
  );

  pairTest(
    'end delivers the last words to a peer that was still sending',
    async (pair, clientHandler, serverHandler) => {
      const { client, server } = pair;
      serverHandler.onReceived(() => {
        if (server.unsentBytes === 0 && serverHandler.bytes.length < 1 << 20) {
          server.write([bytes('no more')], () => {});
          server.end();
        }
      });
      client.write([new Uint8Array(8 << 20)], () => {});
      await clientHandler.untilClosed();
      assert.equal(text(clientHandler), 'no more');
    },
  );

  pairTest('a paused stream receives nothing until it is resumed', async (pair, _, serverHandler) => {
    const { client, server } = pair;
    serverHandler.onReceived(() => {
      server.pause();
      serverHandler.onReceived(() => {});
    });
    client.write([new Uint8Array(200_000).fill(1)], () => {});
    await serverHandler.untilBytes(1);
    const before = serverHandler.bytes.length;
    await written(client, [bytes('and more')]);
    assert.equal(serverHandler.bytes.length, before);
    server.resume();
    await serverHandler.untilBytes(200_008);
    assert.equal(text(serverHandler).slice(-8), 'and more');
  });

  pairTest(
    'a pause in the middle of the first bytes holds the rest back',
    async ({ client, server }, _, serverHandler) => {
      let pauses = 0;
      serverHandler.onReceived(() => {
        if (serverHandler.bytes.length % 5 !== 0) return;
        pauses += 1;
        server.pause();
        setImmediate(() => server.resume());
      });
      client.write([bytes('0123456789abcdefghijklmnopqrstuvwxyz')], () => {});
      await serverHandler.untilBytes(36);
      assert.equal(text(serverHandler), '0123456789abcdefghijklmnopqrstuvwxyz');
      assert.equal(pauses, 7);
    },
    [1],
  );

  pairTest(
    'destroy from inside received stops the calls',
    async ({ client, server }, _, serverHandler) => {
      serverHandler.onReceived(() => server.destroy('seen enough'));
      client.write([bytes('0123456789')], () => {});
      await serverHandler.untilClosed();
      assert.equal(serverHandler.bytes.length, 1);
      assert.deepEqual(serverHandler.closedWith, ['seen enough']);
    },
    [1],
  );

  pairTest('a closed listener accepts nobody, and its streams live on', async (pair, _, serverHandler) => {
    const { listener, client } = pair;
    listener.close();
    const refused = await new Promise((resolve) => {
      network.connect(listener.address, () => resolve('connected'), resolve);
    });
    assert.match(String(refused), /ECONNREFUSED|ENOENT/);
    client.write([bytes('still here')], () => {});
    await serverHandler.untilBytes(10);
  });

  pairTest('an address in use is refused with its errno', async ({ listener }) => {
    await assert.rejects(
      network.listen(listener.address, () => {}),
      { code: 'EADDRINUSE' },
    );
  });

  pairTest('both ends are in this host, and say where they are', async ({ listener, client, server }) => {
    assert(client.bytesAreSafe && server.bytesAreSafe);
    const { address } = listener;
    const expected =
      address.transport === 'unix'
        ? address.path
        : `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
    assert.equal(client.remoteAddress, expected);
    assert.equal(server.localAddress, expected);
    assert.equal(server.remoteAddress, client.localAddress);
  });
}

test('a connection that nobody takes fails once, with the reason', async () => {
  const listener = await network.listen({ transport: 'tcp', host: '127.0.0.1', port: 0 }, () => {});
  listener.close();
  const reasons: string[] = [];
  await new Promise<void>((resolve) => {
    network.connect(
      listener.address,
      () => assert.fail('connected'),
      (reason) => resolve(void reasons.push(reason)),
    );
  });
  assert.equal(reasons.length, 1);
  assert.match(reasons[0] ?? '', /ECONNREFUSED/);
});

test('a cancelled connection calls nothing', async (t) => {
  let accepted = 0;
  const listener = await network.listen({ transport: 'tcp', host: '127.0.0.1', port: 0 }, (stream) => {
    accepted += 1;
    stream.attach(new RecordingHandler());
    stream.destroy('the test is over');
  });
  t.after(() => listener.close());
  const fail = (): void => assert.fail('called');
  network.connect(listener.address, fail, fail).cancel();
  // A second connection, made and closed, gives the first one all the time it could need.
  const second = new RecordingHandler();
  network.connect(listener.address, (stream) => stream.attach(second), assert.fail);
  await second.untilClosed();
  assert(accepted >= 1);
});

test('a reset closes the stream with the reason', async (t) => {
  const handler = new RecordingHandler();
  const listener = await network.listen({ transport: 'tcp', host: '127.0.0.1', port: 0 }, (stream) =>
    stream.attach(handler),
  );
  t.after(() => listener.close());
  assert(listener.address.transport === 'tcp');
  const peer = createConnection({ host: '127.0.0.1', port: listener.address.port }, () => peer.write('x'));
  await handler.untilBytes(1);
  peer.resetAndDestroy();
  await handler.untilClosed();
  assert.equal(handler.closedWith.length, 1);
  assert.match(handler.closedWith[0] ?? '', /ECONNRESET/);
});

test('unix: a socket file that a killed process left behind is replaced', async (t) => {
  const path = join(folder(t), 'link');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await assert.rejects(
    network.listen({ transport: 'unix', path }, () => {}),
    { code: 'EADDRINUSE' },
  );
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert(existsSync(path));
  const listener = await network.listen({ transport: 'unix', path }, () => {});
  listener.close();
});

test('unix: a file that is no socket is not touched', async (t) => {
  const path = join(folder(t), 'precious');
  writeFileSync(path, 'data');
  await assert.rejects(
    network.listen({ transport: 'unix', path }, () => {}),
    { code: 'EADDRINUSE' },
  );
  assert(existsSync(path));
});

test('unix: a path that the kernel would cut off is refused', async (t) => {
  const path = join(folder(t), 'x'.repeat(108));
  await assert.rejects(
    network.listen({ transport: 'unix', path }, () => {}),
    { code: 'ENAMETOOLONG' },
  );
});

test('an exception in a handler is not swallowed', async () => {
  const script = `
    import { nodeEnv } from ${JSON.stringify(new URL('../../../src/env/node/node-env.js', import.meta.url).href)};
    const { network } = nodeEnv();
    const handler = (received) => ({ receiveBuffer: () => new Uint8Array(16), received, closed() {} });
    const at = { transport: 'tcp', host: '127.0.0.1', port: 0 };
    const listener = await network.listen(at, (s) => s.attach(handler(() => { throw new Error('our own bug'); })));
    network.connect(listener.address, (s) => { s.attach(handler(() => {})); s.write([new Uint8Array(1)], () => {}); }, () => {});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.match(stderr, /our own bug/);
});
