/**
 * One session of a load process. Our own initiator logs it in; then commands go past it, without a promise each, and with
 * all that one turn of the loop gives in one write, so that the client costs little of what is measured.
 */
import { IscsiInitiator } from '../../client/iscsi-initiator.ts';
import type { Pdu } from '../../client/pdu-connection.ts';
import { answerTargetPing, isTargetPing } from '../../client/target-ping.ts';
import { BHS_LENGTH, countersOf, initiatorTaskTag } from '../../src/wire/iscsi/bhs.ts';
import { decodeDataIn } from '../../src/wire/iscsi/data-in.ts';
import { Opcode } from '../../src/wire/iscsi/opcode.ts';
import { encodeScsiCommand } from '../../src/wire/iscsi/scsi-command.ts';
import { decodeScsiResponse } from '../../src/wire/iscsi/scsi-response.ts';
import { isBefore, next } from '../../src/wire/iscsi/serial-number.ts';
import { putU16, putU32 } from '../../src/wire/scsi/bytes.ts';
import { encodeLun, LUN_LENGTH } from '../../src/wire/scsi/lun.ts';
import { OpCode } from '../../src/wire/scsi/opcodes.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import type { LoadPlan, Target } from './load-plan.ts';
import { Outstanding } from './outstanding.ts';

const BLOCK_LENGTH = 512;
const INITIATOR = 'iqn.2026-11.dev.crosspath:load';
const TEST_UNIT_READY = new Uint8Array(6);
/** Far from the tags that the initiator itself counts up from 1. */
const FIRST_TAG = 0x10000;

export class LoadSession {
  readonly #initiator: IscsiInitiator;
  readonly #plan: LoadPlan;
  readonly #data: Uint8Array;
  readonly #done: (milliseconds: number) => void;
  readonly #lun = new Uint8Array(LUN_LENGTH);
  readonly #cdb = new Uint8Array(16);
  readonly #outstanding = new Outstanding();
  #unsent: Uint8Array[] = [];
  #tag = FIRST_TAG;
  #cmdSN: number;
  #maxCmdSN: number;
  #expStatSN: number;

  /** `done` is called when a command has ended, with the ms that it took. */
  static async open(
    plan: LoadPlan,
    number: number,
    done: (milliseconds: number) => void,
  ): Promise<LoadSession> {
    const { hostname, port, pathname } = new URL(plan.url.replace('iscsi:', 'http:'));
    const initiator = await IscsiInitiator.connect({
      host: hostname,
      port: Number(port),
      initiatorName: INITIATOR,
      targetName: decodeURIComponent(pathname.split('/')[1] ?? ''),
      isid: (0x00023d000000 + plan.process * 0x10000 + number).toString(16).padStart(12, '0'),
    });
    // Each unit begins with what it has to tell a new nexus.
    for (const lun of plan.luns) while ((await initiator.command(lun, TEST_UNIT_READY)).sense !== null);
    return new LoadSession(plan, initiator, done);
  }

  private constructor(plan: LoadPlan, initiator: IscsiInitiator, done: (milliseconds: number) => void) {
    this.#plan = plan;
    this.#initiator = initiator;
    this.#done = done;
    this.#data = new Uint8Array(plan.writes ? plan.bytesPerCommand : 0).fill(0x5a);
    const { keys, statSN } = initiator.session;
    this.#cmdSN = initiator.cmdSN;
    // Nothing is under way: one command may be sent for sure, and its answer says how many more.
    this.#maxCmdSN = initiator.cmdSN;
    this.#expStatSN = next(statSN);
    const atOnce = Math.min(
      Number(keys.get('FirstBurstLength') ?? 65_536),
      Number(keys.get('MaxRecvDataSegmentLength') ?? 8192),
    );
    if (this.#data.length > 0 && (keys.get('ImmediateData') === 'No' || atOnce < this.#data.length))
      throw new Error(`the target does not take ${this.#data.length} bytes with a command`);
    initiator.connection.intercept = (pdu) => this.#received(pdu);
    void initiator.connection.closed.then(() => {
      throw new Error('the target closed the connection');
    });
  }

  /** Times that the target had no room for a command. */
  get refused(): number {
    return this.#outstanding.refused;
  }

  /** At the end of the loop's turn, or when the target's window has room for it. */
  send(target: Target): void {
    this.#outstanding.add(target, performance.now());
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    while (!isBefore(this.#maxCmdSN, this.#cmdSN)) {
      const target = this.#outstanding.begin(this.#tag);
      if (target === null) return;
      this.#put(this.#command(target));
      if (this.#data.length > 0) this.#put(this.#data);
    }
  }

  #command({ lun, offset }: Target): Uint8Array {
    const { writes, bytesPerCommand } = this.#plan;
    encodeLun(lun, this.#lun, 0);
    this.#cdb[0] = writes ? OpCode.write10 : OpCode.read10;
    putU32(this.#cdb, 2, offset / BLOCK_LENGTH);
    putU16(this.#cdb, 7, bytesPerCommand / BLOCK_LENGTH);
    const header = Buffer.allocUnsafe(BHS_LENGTH);
    const command = {
      immediate: false,
      final: true,
      read: !writes,
      write: writes,
      attributes: 1,
      dataSegmentLength: this.#data.length,
      lun: this.#lun,
      initiatorTaskTag: this.#tag,
      expectedDataTransferLength: bytesPerCommand,
      cmdSN: this.#cmdSN,
      expStatSN: this.#expStatSN,
      cdb: this.#cdb,
    };
    encodeScsiCommand(command, header);
    this.#cmdSN = next(this.#cmdSN);
    this.#tag = Math.max(FIRST_TAG, next(this.#tag) & 0x7fffffff);
    return header;
  }

  #put(bytes: Uint8Array): void {
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push(bytes);
  }

  #flush(): void {
    const [first, ...more] = this.#unsent;
    if (first === undefined) return;
    this.#initiator.connection.sendBytes(more.length === 0 ? first : Buffer.concat(this.#unsent));
    this.#unsent = [];
  }

  /** All that comes is for here. */
  #received(pdu: Pdu): boolean {
    const { statSN, maxCmdSN } = countersOf(pdu.header);
    if (isBefore(this.#maxCmdSN, maxCmdSN)) this.#maxCmdSN = maxCmdSN;
    if (isTargetPing(pdu)) answerTargetPing(this.#initiator.connection, pdu, this.#cmdSN, this.#expStatSN);
    else if (pdu.opcode === Opcode.dataIn) {
      const { withStatus, status } = decodeDataIn(pdu.header);
      if (withStatus) this.#ended(pdu, statSN, status);
    } else if (pdu.opcode === Opcode.scsiResponse) {
      this.#ended(pdu, statSN, decodeScsiResponse(pdu.header).status);
    } else throw new Error(`a load does not expect a PDU with opcode ${pdu.opcode}`);
    this.#sendWaiting();
    return true;
  }

  #ended(pdu: Pdu, statSN: number, status: number): void {
    this.#expStatSN = next(statSN);
    const tag = initiatorTaskTag(pdu.header);
    if (status === Status.good) this.#done(performance.now() - this.#outstanding.end(tag));
    else if (status === Status.taskSetFull || status === Status.busy) this.#outstanding.refuse(tag);
    else throw new Error(`a command ended with status ${status}, ${Buffer.from(pdu.data).toString('hex')}`);
  }
}
