/**
 * What carries the frames of a link (docs/interconnect.md section 2): as they are over a byte stream (FrameStream), or as Fibre
 * Channel sequences (FcChannel). Those who use a link do not know which.
 */
import type { Lease } from '../../buffers/buffer-pool.ts';
import type { FrameHeader, FrameType } from '../../wire/interconnect/frame.ts';

/** Who handles the frames of a channel. A reason (a string) says that the frame is broken: the channel ends. */
export interface FrameReceiver {
  /**
   * A verified header with its parameters, and a payload to come: where the payload goes (exactly that long, valid
   * until `frame` or `closed`).
   */
  payloadBuffer(header: FrameHeader, parameters: Uint8Array): Uint8Array | string;
  /** A whole, verified frame; all borrowed for the call. `payload` is what payloadBuffer gave, or empty. */
  frame(header: FrameHeader, parameters: Uint8Array, payload: Uint8Array): string | null;
  /** The channel has ended. Once, and nothing after it. */
  closed(reason: string): void;
}

export interface FrameChannel {
  /** The next frame to send: parameters are encoded here, from HEADER_LENGTH on. */
  readonly scratch: Uint8Array;
  /** Of the link, once the handshake has set it: stamped on what goes, demanded of what comes. */
  generation: number;
  /** Whether payloads are summed by the frame itself, where what carries it does not. */
  checksums: boolean;
  readonly framesSent: number;
  readonly bytesReceived: number;
  /** When the bytes that are handled now have come: see Stages.arrival. */
  readonly receivedAt: number | null;
  readonly bytesSent: number;
  readonly remoteAddress: string;
  /** From the next frame on, this receiver is asked. */
  become(receiver: FrameReceiver): void;
  /** Sends a frame whose parameters are in `scratch`. With a payload, the lease is released when it is sent. */
  send(
    type: FrameType,
    flags: number,
    exchange: number,
    parametersLength: number,
    payload?: Uint8Array,
    lease?: Lease | null,
  ): void;
  /** Sends a frame without payload ahead of those that wait. */
  sendUrgent(type: FrameType, exchange: number, parametersLength: number): void;
  /** Releases a lease of which pieces were sent before: when they are out. */
  releaseWhenSent(lease: Lease): void;
  /** Ends the channel at once. `closed` follows in a later turn. */
  destroy(reason: string): void;
  /** Sends what waits, then ends the channel. */
  end(): void;
}
