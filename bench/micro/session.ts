import type { Env } from '../../src/env/env.ts';
import type { ByteStream } from '../../src/env/network.ts';
import { Portal } from '../../src/iscsi/portal/portal.ts';
import { Stages } from '../../src/latency/stages.ts';
import { BHS_LENGTH, NO_TAG } from '../../src/wire/iscsi/bhs.ts';
import { encodeLoginRequest, LoginStage } from '../../src/wire/iscsi/login-request.ts';
import { encodeScsiCommand } from '../../src/wire/iscsi/scsi-command.ts';
import { encodeText } from '../../src/wire/iscsi/text.ts';
import { encodeLun } from '../../src/wire/scsi/lun.ts';
import { MemoryStream, TurnClock } from './memory-pipe.ts';
import { BLOCK_COUNT, BLOCK_LENGTH, LUN, memoryUnit, PORT } from './memory-unit.ts';
import type { MicroBenchmark } from './micro.ts';
import { quietLog } from './quiet-log.ts';

const READ_10 = 0x28;
const ISID = '000000000001';
const INITIATOR = 'iqn.2026-11.dev.crosspath:micro';
/** The most commands that come in one turn of the loop. */
const MAX_DEPTH = 32;

/** From the bytes of a command to the bytes of its data and status: the whole direct path but for socket and disk. */
export function sessionBenchmarks(): MicroBenchmark[] {
  return [
    { length: 4096, depth: MAX_DEPTH },
    { length: 262144, depth: 8 },
  ].map(({ length, depth }) => ({
    name: `iSCSI session, router and local unit, read ${length} bytes, ${depth} at a time`,
    bytesPerOperation: length,
    run: (times) => read(length, depth, times),
  }));
}

function read(length: number, depth: number, times: number): void {
  const initiator = new Initiator();
  initiator.login();
  // Ends the unit attention that every new nexus begins with.
  initiator.read(0, BLOCK_LENGTH, 1);
  const { stream } = initiator;
  const before = stream.sentBytes;
  const blocks = length / BLOCK_LENGTH;
  for (let done = 0; done < times; done += depth) {
    initiator.read((done * blocks) % (BLOCK_COUNT - depth * blocks), length, Math.min(depth, times - done));
  }
  const sent = stream.sentBytes - before;
  if (sent < times * length || stream.ending !== null)
    throw new Error(`${sent} bytes instead of ${times * length} and headers; ${stream.ending}`);
}

/** The other end of the pipe: sends commands and believes every answer. */
class Initiator {
  readonly stream = new MemoryStream();
  readonly #clock = new TurnClock();
  readonly #batch = new Uint8Array(MAX_DEPTH * BHS_LENGTH);
  readonly #lun = new Uint8Array(8);
  readonly #cdb = new Uint8Array(16);
  readonly #cdbView = new DataView(this.#cdb.buffer);
  #cmdSN = 1;

  constructor() {
    encodeLun(LUN, this.#lun, 0);
    this.#cdb[0] = READ_10;
    this.#connect();
  }

  login(): void {
    const text = encodeText([
      ['InitiatorName', INITIATOR],
      ['TargetName', PORT.targetName],
      ['SessionType', 'Normal'],
      ['MaxRecvDataSegmentLength', '262144'],
    ]);
    const pdu = new Uint8Array(BHS_LENGTH + Math.ceil(text.length / 4) * 4);
    encodeLoginRequest(
      {
        transit: true,
        continues: false,
        currentStage: LoginStage.operational,
        nextStage: LoginStage.fullFeature,
        versionMax: 0,
        versionMin: 0,
        dataSegmentLength: text.length,
        isid: ISID,
        tsih: 0,
        initiatorTaskTag: 1,
        connectionId: 1,
        cmdSN: this.#cmdSN,
        expStatSN: 0,
      },
      pdu,
    );
    pdu.set(text, BHS_LENGTH);
    this.#turn(pdu);
  }

  /** `count` reads, one behind the other, in one turn. */
  read(lba: number, length: number, count: number): void {
    const blocks = length / BLOCK_LENGTH;
    for (let i = 0; i < count; i++) {
      this.#cdbView.setUint32(2, lba + i * blocks);
      this.#cdbView.setUint16(7, blocks);
      encodeScsiCommand(
        {
          immediate: false,
          final: true,
          read: true,
          write: false,
          attributes: 1,
          dataSegmentLength: 0,
          lun: this.#lun,
          initiatorTaskTag: this.#cmdSN % NO_TAG,
          expectedDataTransferLength: length,
          cmdSN: this.#cmdSN,
          expStatSN: 0,
          cdb: this.#cdb,
        },
        this.#batch.subarray(i * BHS_LENGTH),
      );
      this.#cmdSN = (this.#cmdSN + 1) >>> 0;
    }
    this.#turn(this.#batch.subarray(0, count * BHS_LENGTH));
  }

  /** Long reads need several: more is sent when what was sent has gone. */
  #turn(bytes: Uint8Array): void {
    this.stream.deliver(bytes);
    let before: number;
    do {
      before = this.stream.sentBytes;
      this.#clock.endTurn();
      this.stream.acknowledge();
    } while (this.stream.sentBytes > before);
  }

  #connect(): void {
    const { router, pool } = memoryUnit();
    let accept: (stream: ByteStream) => void = () => {};
    const address = { transport: 'unix', path: 'memory' } as const;
    const missing = () => Promise.reject(new Error('the pipe has no disk'));
    const env: Env = {
      clock: this.#clock,
      random: { bytes: (length) => new Uint8Array(length) },
      disk: { openFile: missing, createFile: missing, openDevice: missing },
      network: {
        listen: (_, accepted) => {
          accept = accepted;
          return Promise.resolve({ address, close() {} });
        },
        connect: () => ({ cancel() {} }),
      },
    };
    const portal = new Portal(env, {
      address,
      ports: [PORT],
      router,
      pool,
      log: quietLog,
      stages: new Stages(this.#clock),
      receiveBuffer: new Uint8Array(65536),
      access: { chapOf: () => null, permits: () => true },
      discovery: () => [],
    });
    void portal.listen();
    accept(this.stream);
  }
}
