import { Deframer, type FrameHandler } from '../../src/wire/framing/deframer.ts';
import type { MicroBenchmark } from './micro.ts';

const HEADER = 48;
const RECEIVE_BYTES = 65536;

/** Frames as iSCSI's, received in chunks of 64 KiB as a busy socket gives them. */
export function deframer(): MicroBenchmark[] {
  return [0, 4096, 262144].map((payload) => ({
    name: `deframer, header and ${payload} bytes`,
    bytesPerOperation: payload,
    run: (times) => receive(payload, times),
  }));
}

/** As much of the stream as holds `times` frames. Every byte is zero: the lengths come from the handler. */
function receive(payloadLength: number, times: number): void {
  const shared = new Uint8Array(RECEIVE_BYTES);
  const payload = new Uint8Array(payloadLength);
  let frames = 0;
  const handler: FrameHandler = {
    headerLength: HEADER,
    extensionLength: () => 0,
    payloadBuffer: () => payload,
    trailerLength: () => 0,
    frame: () => {
      frames++;
      return true;
    },
  };
  const frameDeframer = new Deframer(handler, shared);
  let left = times * (HEADER + payloadLength);
  while (left > 0) {
    const length = Math.min(left, frameDeframer.receiveBuffer().length);
    frameDeframer.received(length);
    left -= length;
  }
  if (frames !== times) throw new Error(`${frames} frames instead of ${times}`);
}
