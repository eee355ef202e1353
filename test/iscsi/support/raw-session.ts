/** A session whose every PDU the test makes itself, right or wrong. */
import assert from 'node:assert/strict';
import { login } from '../../../client/login.ts';
import type { Pdu, PduConnection } from '../../../client/pdu-connection.ts';
import { BHS_LENGTH, NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { type DataOut, encodeDataOut } from '../../../src/wire/iscsi/data-out.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeReject } from '../../../src/wire/iscsi/reject.ts';
import { encodeScsiCommand, type ScsiCommand } from '../../../src/wire/iscsi/scsi-command.ts';
import { encodeLun } from '../../../src/wire/scsi/lun.ts';
import { INITIATOR, LUN, type TestTarget } from './test-target.ts';

export class RawSession {
  readonly connection: PduConnection;
  readonly tsih: number;
  readonly lun = new Uint8Array(8);
  readonly #numbering: { cmdSN: number };

  private constructor(connection: PduConnection, tsih: number, numbering: { cmdSN: number }) {
    this.connection = connection;
    this.tsih = tsih;
    this.#numbering = numbering;
    encodeLun(LUN, this.lun, 0);
  }

  /** `isid`: another than the default for a session beside one of those. */
  static async open(
    target: TestTarget,
    keys: Record<string, string> = {},
    isid?: string,
  ): Promise<RawSession> {
    const connection = await target.connect();
    const targetName = target.ports[0]?.targetName ?? null;
    const ofPort = isid === undefined ? {} : { isid };
    const { cmdSN, tsih } = await login(connection, {
      initiatorName: INITIATOR,
      targetName,
      keys,
      ...ofPort,
    });
    return new RawSession(connection, tsih, { cmdSN });
  }

  /** The first connection of a session, which has logged in. */
  static of(connection: PduConnection, tsih: number, cmdSN: number): RawSession {
    return new RawSession(connection, tsih, { cmdSN });
  }

  /** Another connection of the session, which counts the same CmdSN. */
  sibling(connection: PduConnection): RawSession {
    return new RawSession(connection, this.tsih, this.#numbering);
  }

  /** The next CmdSN. */
  get cmdSN(): number {
    return this.#numbering.cmdSN;
  }

  set cmdSN(value: number) {
    this.#numbering.cmdSN = value;
  }

  /** A SCSI Command with the next CmdSN, but for what the test changes. Gives its header. */
  commandHeader(changes: Partial<ScsiCommand> = {}): Uint8Array {
    const header = new Uint8Array(BHS_LENGTH);
    const command: ScsiCommand = {
      immediate: false,
      final: true,
      read: false,
      write: false,
      attributes: 1,
      dataSegmentLength: 0,
      lun: this.lun,
      initiatorTaskTag: 0x100,
      expectedDataTransferLength: 0,
      cmdSN: this.cmdSN,
      expStatSN: 0,
      cdb: new Uint8Array(16),
      ...changes,
    };
    if (!command.immediate) this.cmdSN += 1;
    encodeScsiCommand(command, header);
    return header;
  }

  command(changes: Partial<ScsiCommand> = {}, data: Uint8Array = new Uint8Array(0)): void {
    this.connection.send(this.commandHeader({ dataSegmentLength: data.length, ...changes }), data);
  }

  dataOut(changes: Partial<DataOut>, data: Uint8Array): void {
    this.connection.send(this.dataOutHeader({ dataSegmentLength: data.length, ...changes }), data);
  }

  dataOutHeader(changes: Partial<DataOut>): Uint8Array {
    const header = new Uint8Array(BHS_LENGTH);
    const fields = { final: true, lun: this.lun, initiatorTaskTag: 0x100, targetTransferTag: NO_TAG };
    const place = { expStatSN: 0, dataSN: 0, bufferOffset: 0, dataSegmentLength: 0 };
    encodeDataOut({ ...fields, ...place, ...changes }, header);
    return header;
  }

  /** A header of the given opcode and nothing else. */
  header(opcode: number, tag = 0x200): Uint8Array {
    const header = new Uint8Array(BHS_LENGTH);
    header[0] = opcode;
    header[1] = 0x80;
    header[16] = tag >>> 24;
    header[17] = tag >>> 16;
    header[18] = tag >>> 8;
    header[19] = tag;
    return header;
  }

  async receive(opcode: number): Promise<Pdu> {
    const pdu = await this.connection.receive();
    assert.equal(pdu?.opcode, opcode);
    assert(pdu !== null);
    return pdu;
  }

  /** Returns when everything that was sent has been handled. */
  async settle(): Promise<void> {
    const header = new Uint8Array(BHS_LENGTH);
    const ping = { immediate: true, dataSegmentLength: 0, lun: this.lun, initiatorTaskTag: 0x300 };
    encodeNopOut({ ...ping, targetTransferTag: NO_TAG, cmdSN: this.cmdSN, expStatSN: 0 }, header);
    this.connection.send(header);
    await this.receive(Opcode.nopIn);
  }

  /** The next PDU is a Reject with this reason. */
  async rejected(reason: number): Promise<void> {
    const pdu = await this.receive(Opcode.reject);
    assert.equal(decodeReject(pdu.header).reason, reason);
    assert(pdu.data.length >= BHS_LENGTH, 'it brings the header back');
  }

  /** Nothing more comes, and the connection closes. */
  async closed(): Promise<void> {
    assert.equal(await this.connection.receive(), null);
  }
}
