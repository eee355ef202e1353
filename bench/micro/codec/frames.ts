/** Frames of the interconnect, summed and verified as FrameStream does it. */
import { TaskAttribute } from '../../../src/scsi/logical-unit.ts';
import { checksum } from '../../../src/sys/crc32c.ts';
import { decodeCommand, encodeCommand } from '../../../src/wire/interconnect/command.ts';
import {
  brokenHeader,
  decodeHeader,
  emptyHeader,
  FINAL,
  FrameType,
  HEADER_LENGTH,
  headerChecksumHolds,
  MAX_PARAMETERS,
  putU32,
  sealFrame,
  u32,
} from '../../../src/wire/interconnect/frame.ts';
import { decodeResult, encodeResult, ResultKind } from '../../../src/wire/interconnect/result.ts';
import { CDB_LENGTH } from '../../../src/wire/iscsi/scsi-command.ts';
import type { MicroBenchmark } from '../micro.ts';

const LENGTH = 4096;
const GENERATION = 1;
/** Frames that are decoded in turn. */
const FRAMES = 32;
const payload = new Uint8Array(LENGTH).fill(0xa5);
const result = { kind: ResultKind.status, status: 0, presentedLength: LENGTH, sense: null };
const outgoing = emptyHeader();
const incoming = emptyHeader();

export function frameBenchmarks(): MicroBenchmark[] {
  return [
    encoding('COMMAND, encode and seal', 0, command),
    decoding('COMMAND, verify and decode', 0, command, (parameters) => decodeCommand(parameters) !== null),
    ...[false, true].flatMap((checksums) => {
      const frame = (scratch: Uint8Array, exchange: number) => dataIn(scratch, exchange, checksums);
      const name = `DATA_IN of 4096 bytes with status${checksums ? ', payload checksum' : ''}`;
      const bytes = checksums ? LENGTH : 0;
      return [
        encoding(`${name}, encode and seal`, bytes, frame),
        decoding(`${name}, verify and decode`, bytes, frame, (parameters) =>
          dataInHolds(parameters, checksums),
        ),
      ];
    }),
  ];
}

/** Puts a frame of that exchange into `scratch`, and gives the length of its parameters. */
type Encode = (scratch: Uint8Array, exchange: number) => number;

function encoding(name: string, bytesPerOperation: number, encode: Encode): MicroBenchmark {
  const scratch = new Uint8Array(HEADER_LENGTH + MAX_PARAMETERS);
  return {
    name: `codec, ${name}`,
    bytesPerOperation,
    run(times) {
      for (let i = 0; i < times; i++) encode(scratch, i);
      decodeHeader(scratch, incoming);
      if (incoming.exchange !== times - 1) throw new Error(`exchange ${incoming.exchange}`);
    },
  };
}

function decoding(
  name: string,
  bytesPerOperation: number,
  encode: Encode,
  holds: (parameters: Uint8Array) => boolean,
): MicroBenchmark {
  const frames = Array.from({ length: FRAMES }, (_, exchange) => {
    const scratch = new Uint8Array(HEADER_LENGTH + MAX_PARAMETERS);
    const bytes = scratch.subarray(0, HEADER_LENGTH + encode(scratch, exchange));
    return { bytes, parameters: bytes.subarray(HEADER_LENGTH) };
  });
  return {
    name: `codec, ${name}`,
    bytesPerOperation,
    run(times) {
      for (let i = 0; i < times; i++) {
        const frame = frames[i % FRAMES];
        if (frame === undefined) throw new Error('no frame');
        decodeHeader(frame.bytes, incoming);
        if (
          brokenHeader(incoming) !== null ||
          !headerChecksumHolds(frame.bytes, incoming.parametersLength) ||
          !holds(frame.parameters)
        )
          throw new Error('a broken frame');
      }
    },
  };
}

const cdb = new Uint8Array(CDB_LENGTH);

/** As ProxiedTask.send. */
function command(scratch: Uint8Array, exchange: number): number {
  const parameters = {
    nexus: 1,
    unit: 1,
    tag: exchange,
    taskAttribute: TaskAttribute.simple,
    dataOutLength: 0,
    dataInLength: LENGTH,
    unsolicitedLength: 0,
    dataInCredit: LENGTH,
    readSetLength: 65536,
    cdb,
  };
  return seal(
    scratch,
    FrameType.command,
    0,
    exchange,
    encodeCommand(parameters, scratch, HEADER_LENGTH),
    0,
    0,
  );
}

/** As ServedCommand.sendDataIn. */
function dataIn(scratch: Uint8Array, exchange: number, checksums: boolean): number {
  putU32(scratch, HEADER_LENGTH, 0);
  const length = 4 + encodeResult(result, scratch, HEADER_LENGTH + 4);
  const sum = checksums ? checksum(payload, 0) : 0;
  return seal(scratch, FrameType.dataIn, FINAL, exchange, length, LENGTH, sum);
}

function seal(
  scratch: Uint8Array,
  type: FrameType,
  flags: number,
  exchange: number,
  parametersLength: number,
  payloadLength: number,
  payloadChecksum: number,
): number {
  outgoing.type = type;
  outgoing.flags = flags;
  outgoing.parametersLength = parametersLength;
  outgoing.payloadLength = payloadLength;
  outgoing.generation = GENERATION;
  outgoing.exchange = exchange;
  outgoing.payloadChecksum = payloadChecksum;
  sealFrame(scratch, outgoing);
  return parametersLength;
}

function dataInHolds(parameters: Uint8Array, checksums: boolean): boolean {
  if (checksums && checksum(payload, 0) !== incoming.payloadChecksum) return false;
  return u32(parameters, 0) === 0 && decodeResult(parameters, 4) !== null;
}
