/** The initiator of the micro benchmarks: a memory pipe to a portal, and commands that cost it next to nothing. */
import type { BufferPool } from '../../src/buffers/buffer-pool.ts';
import type { Env } from '../../src/env/env.ts';
import type { ByteStream } from '../../src/env/network.ts';
import { Portal } from '../../src/iscsi/portal/portal.ts';
import { Stages } from '../../src/latency/stages.ts';
import { RECEIVE_BUFFER_BYTES } from '../../src/limits.ts';
import type { Router } from '../../src/scsi/router/router.ts';
import { BHS_LENGTH, NO_TAG, opcodeOf } from '../../src/wire/iscsi/bhs.ts';
import { encodeLoginRequest, LoginStage } from '../../src/wire/iscsi/login-request.ts';
import { decodeNopIn, type NopIn } from '../../src/wire/iscsi/nop-in.ts';
import { encodeNopOut } from '../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../src/wire/iscsi/opcode.ts';
import { CDB_OFFSET, encodeScsiCommand } from '../../src/wire/iscsi/scsi-command.ts';
import { encodeText } from '../../src/wire/iscsi/text.ts';
import { encodeLun } from '../../src/wire/scsi/lun.ts';
import { OpCode } from '../../src/wire/scsi/opcodes.ts';
import { MemoryStream, memoryEnv, type TurnClock } from './memory-pipe.ts';
import { BLOCK_LENGTH, LUN, PORT } from './memory-unit.ts';
import { quietLog } from './quiet-log.ts';

const ISID = '000000000001';
const INITIATOR = 'iqn.2026-11.dev.crosspath:micro';
/** The most commands that come in one turn of the loop. */
export const MAX_DEPTH = 32;
/** More than there are unit attentions that a new nexus begins with, here and at the owner. */
const FIRST_COMMANDS = 8;

export interface Commands {
  readonly writes: boolean;
  /** Bytes of each. Those of a write come with it. */
  readonly length: number;
}

/** What is behind the portal. */
export interface Target {
  readonly router: Router;
  readonly pool: BufferPool;
  readonly clock: TurnClock;
  /** Does what has come up behind the router in this turn; gives whether there was anything. */
  readonly carry: () => boolean;
}

/** Believes every answer, and allocates nothing for a command, so that what is allocated is the program's. */
export class Initiator {
  readonly #stream = new MemoryStream();
  readonly #target: Target;
  readonly #commands: Commands;
  readonly #pduLength: number;
  /** PDUs that are whole but for their numbers and places. */
  readonly #batch: Uint8Array;
  readonly #view: DataView;
  #cmdSN = 1;
  #sentBefore = 0;

  /** Logs in. */
  constructor(target: Target, commands: Commands) {
    this.#target = target;
    this.#commands = commands;
    this.#pduLength = BHS_LENGTH + (commands.writes ? commands.length : 0);
    this.#batch = new Uint8Array(MAX_DEPTH * this.#pduLength);
    this.#view = new DataView(this.#batch.buffer);
    this.#encode();
    this.#connect();
    this.#login();
    this.#begin();
    this.#sentBefore = this.#stream.sentBytes;
  }

  /** `count` commands, one behind the other from block `lba` on, in one turn. */
  send(lba: number, count: number): void {
    for (let i = 0; i < count; i += 1) {
      const at = i * this.#pduLength;
      this.#view.setUint32(at + CDB_OFFSET + 2, lba + (i * this.#commands.length) / BLOCK_LENGTH);
      this.#view.setUint32(at + 16, this.#cmdSN % NO_TAG);
      this.#view.setUint32(at + 24, this.#cmdSN);
      this.#cmdSN = (this.#cmdSN + 1) >>> 0;
    }
    this.#turn(this.#batch.subarray(0, count * this.#pduLength));
  }

  /** Throws unless there was an answer to each of so many commands, with their data and nothing to complain about. */
  check(commands: number): void {
    const { writes, length } = this.#commands;
    const sent = this.#stream.sentBytes - this.#sentBefore;
    const least = commands * (BHS_LENGTH + (writes ? 0 : length));
    // Sense data would make a write's answer longer.
    if (sent < least || (writes && sent > least) || this.#stream.ending !== null)
      throw new Error(`${sent} bytes for ${commands} commands; ${this.#stream.ending}`);
  }

  /** Hears what the unit has to tell a new nexus, and gives the sign of life that the first write through a proxy waits for. */
  #begin(): void {
    const pings: Uint8Array[] = [];
    this.#stream.watch = (chunks) => {
      for (const chunk of chunks)
        if (opcodeOf(chunk) === Opcode.nopIn) pings.push(chunk.slice(0, BHS_LENGTH));
    };
    for (let i = 0; i < FIRST_COMMANDS; i += 1) {
      this.send(0, 1);
      for (const ping of pings.splice(0)) this.#answer(decodeNopIn(ping));
    }
    this.#stream.watch = null;
  }

  #answer({ lun, targetTransferTag }: NopIn): void {
    const pdu = new Uint8Array(BHS_LENGTH);
    const tags = { lun, initiatorTaskTag: NO_TAG, targetTransferTag };
    const counters = { cmdSN: this.#cmdSN, expStatSN: 0 };
    encodeNopOut({ immediate: true, dataSegmentLength: 0, ...tags, ...counters }, pdu);
    this.#turn(pdu);
  }

  #encode(): void {
    const { writes, length } = this.#commands;
    const lun = new Uint8Array(8);
    encodeLun(LUN, lun, 0);
    const cdb = new Uint8Array(16);
    cdb[0] = writes ? OpCode.write10 : OpCode.read10;
    new DataView(cdb.buffer).setUint16(7, length / BLOCK_LENGTH);
    for (let at = 0; at < this.#batch.length; at += this.#pduLength) {
      encodeScsiCommand(
        {
          immediate: false,
          final: true,
          read: !writes,
          write: writes,
          attributes: 1,
          dataSegmentLength: writes ? length : 0,
          lun,
          initiatorTaskTag: 0,
          expectedDataTransferLength: length,
          cmdSN: 0,
          expStatSN: 0,
          cdb,
        },
        this.#batch.subarray(at),
      );
    }
  }

  #login(): void {
    const text = encodeText([
      ['InitiatorName', INITIATOR],
      ['TargetName', PORT.targetName],
      ['SessionType', 'Normal'],
      ['InitialR2T', 'No'],
      ['FirstBurstLength', '262144'],
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

  /** Long reads need several: more is sent when what was sent has gone. */
  #turn(bytes: Uint8Array): void {
    const { clock, carry } = this.#target;
    this.#stream.deliver(bytes);
    let goesOn = true;
    while (goesOn) {
      const before = this.#stream.sentBytes;
      clock.endTurn();
      this.#stream.acknowledge();
      const carried = carry();
      goesOn = carried || this.#stream.sentBytes > before;
    }
  }

  #connect(): void {
    const { router, pool, clock } = this.#target;
    let accept: (stream: ByteStream) => void = () => {};
    const address = { transport: 'unix', path: 'memory' } as const;
    const env: Env = memoryEnv(clock, {
      listen: (_, accepted) => {
        accept = accepted;
        return Promise.resolve({ address, close() {} });
      },
      connect: () => ({ cancel() {} }),
    });
    const portal = new Portal(env, {
      address,
      ports: [PORT],
      router,
      pool,
      log: quietLog,
      stages: new Stages(clock),
      receiveBuffer: new Uint8Array(RECEIVE_BUFFER_BYTES),
      access: { chapOf: () => null, permits: () => true },
      discovery: () => [],
    });
    void portal.listen();
    accept(this.#stream);
  }
}
