import { test } from 'node:test';
import type { Address, ByteStream } from '../../../src/env/network.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { StreamLimits } from '../../../src/limits.ts';
import { RecordingHandler } from './stream-peer.ts';

const key = { partner: 'me', id: '0123456789abcdef', secret: new Uint8Array(32).fill(7) };
const { network } = nodeEnv({ keys: { self: 'me', current: () => [key] } });

test('who has gone makes room for the next', async (t) => {
  const address: Address = { transport: 'tls', host: '127.0.0.1', port: 0, system: 'me' };
  const gone: Promise<void>[] = [];
  const listener = await network.listen(address, (stream) => {
    const handler = new RecordingHandler();
    stream.attach(handler);
    gone.push(handler.untilClosed());
  });
  t.after(() => listener.close());
  for (let at = 0; at < StreamLimits.maxTlsConnections + 10; at += 1) {
    await new Promise<void>((resolve, reject) => {
      const connected = (stream: ByteStream): void => {
        stream.attach(handler);
        stream.destroy('enough');
      };
      const handler = new RecordingHandler();
      void handler.untilClosed().then(resolve);
      network.connect(listener.address, connected, (reason) => reject(new Error(reason)));
    });
    await gone.at(-1);
  }
});
