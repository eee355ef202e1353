import type { Lease } from '../../../src/buffers/buffer-pool.ts';
import type { FrameChannel } from '../../../src/cluster/link/frame-channel.ts';
import type { LinkTerms } from '../../../src/cluster/link/handshake.ts';
import {
  emptyHeader,
  type FrameHeader,
  type FrameType,
  HEADER_LENGTH,
} from '../../../src/wire/interconnect/frame.ts';

export interface SentFrame {
  readonly type: FrameType;
  readonly flags: number;
  readonly exchange: number;
  readonly parameters: Uint8Array;
}

export const TERMS: LinkTerms = {
  partner: 'beta',
  version: 2,
  incarnation: '0123456789abcdef',
  generation: 1,
  checksums: false,
  unsolicitedCredit: 1 << 20,
  exchangeLimit: 64,
};

/** The channel of a link whose other side the test plays: frames that are sent are kept, and their data is out at once. */
export class FramesOfOneSide implements FrameChannel {
  readonly scratch = new Uint8Array(2048);
  generation = 1;
  checksums = false;
  readonly framesSent = 0;
  readonly bytesReceived = 0;
  readonly receivedAt = null;
  readonly bytesSent = 0;
  readonly remoteAddress = 'test';
  readonly sent: SentFrame[] = [];

  become(): void {}

  send(
    type: FrameType,
    flags: number,
    exchange: number,
    parametersLength: number,
    _payload?: Uint8Array,
    lease: Lease | null = null,
  ): void {
    const parameters = this.scratch.slice(HEADER_LENGTH, HEADER_LENGTH + parametersLength);
    this.sent.push({ type, flags, exchange, parameters });
    lease?.release();
  }

  sendUrgent(type: FrameType, exchange: number, parametersLength: number): void {
    this.send(type, 0, exchange, parametersLength);
  }

  releaseWhenSent(lease: Lease): void {
    lease.release();
  }

  destroy(reason: string): void {
    throw new Error(`the channel was destroyed: ${reason}`);
  }

  end(): void {}
}

/** The header of a frame that comes from the other side. */
export function headerOf(type: FrameType, exchange: number, payloadLength = 0, flags = 0): FrameHeader {
  return { ...emptyHeader(), type, exchange, payloadLength, flags };
}
