/** Puts the right channel on a byte stream. */
import type { ByteStream } from '../../env/network.ts';
import { FcChannel } from './fc/fc-channel.ts';
import { fcNames } from './fc/world-wide-names.ts';
import type { FrameChannel, FrameReceiver } from './frame-channel.ts';
import { FrameStream } from './frame-stream.ts';
import type { GreetingHost } from './greeting.ts';
import type { Carrier } from './link-address.ts';

const NONCE_LENGTH = 8;

/** `partner`: whom the dialing side calls; null on the accepting side. */
export function openChannel(
  host: GreetingHost,
  stream: ByteStream,
  carrier: Carrier,
  partner: string | null,
  receiver: FrameReceiver,
): FrameChannel {
  const { env, pool, receiveBuffer, self, stages } = host;
  if (carrier === 'stream') return new FrameStream(stream, env.clock, pool, receiveBuffer, receiver, stages);
  const identity = {
    names: fcNames(self.cluster, self.name),
    partner: partner === null ? null : fcNames(self.cluster, partner),
    nonce: env.random.bytes(NONCE_LENGTH),
  };
  return new FcChannel(stream, env.clock, pool, receiveBuffer, receiver, identity, stages);
}
