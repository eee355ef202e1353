/** Recorded FCIP bytes as capture files for Wireshark's tools, and what they make of them. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { RecordedChunk } from '../support/recorder.ts';

export interface FcipFrame {
  readonly fromDialer: boolean;
  readonly bytes: Buffer;
}

/** Cuts what was recorded into FCIP frames by their lengths, in the order in which each one was complete. */
export function fcipFrames(chunks: readonly RecordedChunk[]): FcipFrame[] {
  const rest = { dialer: Buffer.alloc(0), acceptor: Buffer.alloc(0) };
  const frames: FcipFrame[] = [];
  for (const { fromDialer, bytes } of chunks) {
    const side = fromDialer ? 'dialer' : 'acceptor';
    let all = Buffer.concat([rest[side], bytes]);
    for (;;) {
      const length = all.length < 28 ? Number.POSITIVE_INFINITY : (all.readUInt16BE(12) & 0x3ff) * 4;
      if (all.length < length) break;
      frames.push({ fromDialer, bytes: all.subarray(0, length) });
      all = all.subarray(length);
    }
    rest[side] = all;
  }
  return frames;
}

const ETHERNET = 1;
/** LINKTYPE_FC_2_WITH_FRAME_DELIMS: with it Wireshark verifies the CRC, which it does not where FCIP carries the frame. */
const FC_2_WITH_DELIMITERS = 225;
const FCIP_PORT = 3225;
const DIALER_PORT = 40000;

/** A TCP segment a frame, on FCIP's port, with the Ethernet, IP and TCP headers that a capture would have. */
export function writeFcipCapture(file: string, frames: readonly FcipFrame[]): void {
  const sequence = { dialer: 1, acceptor: 1 };
  const packets = frames.map(({ fromDialer, bytes }) => {
    const [from, to] = fromDialer ? (['dialer', 'acceptor'] as const) : (['acceptor', 'dialer'] as const);
    const ports = fromDialer ? [DIALER_PORT, FCIP_PORT] : [FCIP_PORT, DIALER_PORT];
    const packet = tcpPacket(fromDialer, ports, sequence[from], sequence[to], bytes);
    sequence[from] += bytes.length;
    return packet;
  });
  writeFileSync(file, pcap(ETHERNET, packets));
}

/** The FC frames alone, between the ordered sets that the delimiter codes stand for (FC-FS-3 table 12, 13). */
export function writeFcCapture(file: string, frames: readonly FcipFrame[]): void {
  const orderedSets = new Map([
    [0x2e, 0xbcb55656],
    [0x36, 0xbcb53636],
    [0x41, 0xbcb5d5d5],
    [0x42, 0xbcb57575],
  ]);
  const set = (code: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(orderedSets.get(code) ?? 0);
    return bytes;
  };
  const packets = frames
    .filter(({ bytes }) => bytes[8] === 0)
    .map(({ bytes }) => {
      const end = bytes.length - 4;
      return Buffer.concat([set(bytes[28] ?? 0), bytes.subarray(32, end), set(bytes[end] ?? 0)]);
    });
  writeFileSync(file, pcap(FC_2_WITH_DELIMITERS, packets));
}

function pcap(linkType: number, packets: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65535, 16);
  header.writeUInt32LE(linkType, 20);
  const records = packets.flatMap((packet, at) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_700_000_000, 0);
    record.writeUInt32LE(at, 4);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    return [record, packet];
  });
  return Buffer.concat([header, ...records]);
}

function tcpPacket(
  fromDialer: boolean,
  [fromPort = 0, toPort = 0]: readonly number[],
  sequence: number,
  acknowledged: number,
  data: Buffer,
): Buffer {
  const packet = Buffer.alloc(14 + 20 + 20);
  packet.writeUInt8(fromDialer ? 2 : 1, 5);
  packet.writeUInt8(fromDialer ? 1 : 2, 11);
  packet.writeUInt16BE(0x0800, 12);
  packet.writeUInt8(0x45, 14);
  packet.writeUInt16BE(40 + data.length, 16);
  packet.writeUInt8(64, 22);
  packet.writeUInt8(6, 23);
  packet.writeUInt32BE(fromDialer ? 0x0a000001 : 0x0a000002, 26);
  packet.writeUInt32BE(fromDialer ? 0x0a000002 : 0x0a000001, 30);
  packet.writeUInt16BE(fromPort, 34);
  packet.writeUInt16BE(toPort, 36);
  packet.writeUInt32BE(sequence, 38);
  packet.writeUInt32BE(acknowledged, 42);
  packet.writeUInt8(0x50, 46);
  packet.writeUInt8(0x18, 47);
  packet.writeUInt16BE(0xffff, 48);
  return Buffer.concat([packet, data]);
}

/** One row a packet that `filter` selects: the fields asked for, several values of one joined by commas. */
export function tsharkFields(file: string, filter: string, fields: readonly string[]): string[][] {
  const options = [
    '-r',
    file,
    '-n',
    '-Y',
    filter,
    '-T',
    'fields',
    ...fields.flatMap((field) => ['-e', field]),
  ];
  // The frames of a sequence in one piece: FC-2 frames carry 2048 bytes here.
  const text = execFileSync('tshark', ['-o', 'fc.max_frame_size:2048', ...options], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}
