/** A small iSCSI initiator: one connection, error recovery level 0, no authentication. */
import { BHS_LENGTH, countersOf, initiatorTaskTag, NO_TAG } from '../src/wire/iscsi/bhs.ts';
import { encodeLogoutRequest, LogoutReason } from '../src/wire/iscsi/logout-request.ts';
import { encodeNopOut } from '../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../src/wire/iscsi/opcode.ts';
import { decodeReject, rejectReasonName } from '../src/wire/iscsi/reject.ts';
import { encodeScsiCommand } from '../src/wire/iscsi/scsi-command.ts';
import { isBefore, next } from '../src/wire/iscsi/serial-number.ts';
import { encodeTaskManagementRequest, type TaskFunction } from '../src/wire/iscsi/task-management-request.ts';
import { decodeTaskManagementResponse } from '../src/wire/iscsi/task-management-response.ts';
import { decodePairs, encodeText } from '../src/wire/iscsi/text.ts';
import { encodeTextRequest } from '../src/wire/iscsi/text-request.ts';
import { decodeTextResponse } from '../src/wire/iscsi/text-response.ts';
import { encodeLun, LUN_LENGTH } from '../src/wire/scsi/lun.ts';
import { type Discovered, targetsOf } from './discovery.ts';
import { AnswerExchange, CommandExchange, type Exchange, type ScsiResult } from './exchange.ts';
import { type LoginOptions, type LoginResult, login } from './login.ts';
import { type Pdu, PduConnection } from './pdu-connection.ts';
import { answerTargetPing, isTargetPing } from './target-ping.ts';

export type { ScsiResult } from './exchange.ts';

export interface InitiatorOptions extends LoginOptions {
  readonly host: string;
  readonly port: number;
  /** Gives the attempt up while it is under way; a session that is there is not concerned. */
  readonly signal?: AbortSignal;
}

export interface CommandOptions {
  readonly dataOut?: Uint8Array;
  readonly dataInLength?: number;
  /** RFC 7143 11.3.1; 1 (simple) where not given. */
  readonly attributes?: number;
  readonly immediate?: boolean;
}

export interface SentCommand {
  readonly tag: number;
  readonly cmdSN: number;
  readonly result: Promise<ScsiResult>;
}

const NO_BYTES = new Uint8Array(0);

export class IscsiInitiator {
  readonly connection: PduConnection;
  readonly session: LoginResult;
  readonly #exchanges = new Map<number, Exchange>();
  readonly #maxSegmentLength: number;
  readonly #firstBurst: number;
  readonly #immediateData: boolean;
  readonly #initialR2T: boolean;
  #nextTag = 1;
  #cmdSN: number;
  #maxCmdSN: number;
  #expStatSN: number;
  readonly #forRoom: (() => void)[] = [];
  #ended: Error | null = null;

  /** Connects and logs in. Rejects with LoginError where the target refuses. */
  static async connect(options: InitiatorOptions): Promise<IscsiInitiator> {
    const connection = await PduConnection.connect(options.host, options.port);
    const giveUp = () => connection.destroy();
    options.signal?.addEventListener('abort', giveUp);
    if (options.signal?.aborted) giveUp();
    try {
      return new IscsiInitiator(connection, await login(connection, options));
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', giveUp);
    }
  }

  private constructor(connection: PduConnection, session: LoginResult) {
    this.connection = connection;
    this.session = session;
    const { keys } = session;
    this.#maxSegmentLength = Number(keys.get('MaxRecvDataSegmentLength') ?? 8192);
    this.#firstBurst = Number(keys.get('FirstBurstLength') ?? 65_536);
    this.#immediateData = keys.get('ImmediateData') !== 'No';
    this.#initialR2T = keys.get('InitialR2T') !== 'No';
    this.#cmdSN = session.cmdSN;
    this.#maxCmdSN = session.maxCmdSN;
    this.#expStatSN = next(session.statSN);
    void this.#receive();
  }

  /** The next CmdSN. */
  get cmdSN(): number {
    return this.#cmdSN;
  }

  async command(lun: number, cdb: Uint8Array, options: CommandOptions = {}): Promise<ScsiResult> {
    while (isBefore(this.#maxCmdSN, this.#cmdSN) && this.#ended === null) await this.#room();
    return this.start(lun, cdb, options).result;
  }

  /** Uses up a CmdSN without a command: what follows has to wait for it. */
  skipCmdSN(): number {
    return this.#takeCmdSN(false);
  }

  /** Sends a command now, whatever the window says; with a CmdSN of the caller's where one is given. */
  start(lun: number, cdb: Uint8Array, options: CommandOptions = {}, givenCmdSN?: number): SentCommand {
    const { dataOut = NO_BYTES, dataInLength = 0, attributes = 1, immediate = false } = options;
    const tag = this.#newTag();
    const lunBytes = encodedLun(lun);
    const shape = { tag, lun: lunBytes, dataOut, dataInLength, maxSegmentLength: this.#maxSegmentLength };
    const exchange = new CommandExchange(this.connection, shape);
    this.#open(tag, exchange);
    const burst = Math.min(dataOut.length, this.#firstBurst);
    const atOnce = this.#immediateData ? Math.min(burst, this.#maxSegmentLength) : 0;
    const final = this.#initialR2T || atOnce === burst;
    const cmdSN = givenCmdSN ?? this.#takeCmdSN(immediate);
    const header = new Uint8Array(BHS_LENGTH);
    const fields = { immediate, final, read: dataInLength > 0, write: dataOut.length > 0, attributes };
    const sequence = { initiatorTaskTag: tag, cmdSN, expStatSN: this.#expStatSN };
    const lengths = {
      dataSegmentLength: atOnce,
      expectedDataTransferLength: dataOut.length + dataInLength,
    };
    encodeScsiCommand({ ...fields, ...sequence, ...lengths, lun: lunBytes, cdb }, header);
    this.connection.send(header, dataOut.subarray(0, atOnce));
    if (!final) exchange.sendUnsolicited(atOnce, burst);
    return { tag, cmdSN, result: exchange.result };
  }

  /** Gives the response code (wire/iscsi/task-management-response.ts). */
  async manage(
    what: TaskFunction,
    lun: number,
    reference: { readonly tag: number; readonly cmdSN: number } | null = null,
  ): Promise<number> {
    const tag = this.#newTag();
    const header = new Uint8Array(BHS_LENGTH);
    const request = {
      immediate: true,
      function: what,
      lun: encodedLun(lun),
      initiatorTaskTag: tag,
      referencedTaskTag: reference?.tag ?? NO_TAG,
      cmdSN: this.#cmdSN,
      expStatSN: this.#expStatSN,
      refCmdSN: reference?.cmdSN ?? 0,
      expDataSN: 0,
    };
    encodeTaskManagementRequest(request, header);
    const pdu = await this.#ask(tag, Opcode.taskManagementResponse, header, NO_BYTES);
    if (reference !== null) this.#exchanges.delete(reference.tag);
    return decodeTaskManagementResponse(pdu.header).response;
  }

  /** NOP-Out with data; gives what comes back. */
  async ping(data: Uint8Array): Promise<Uint8Array> {
    const tag = this.#newTag();
    const header = new Uint8Array(BHS_LENGTH);
    const request = {
      immediate: true,
      dataSegmentLength: data.length,
      lun: encodedLun(0),
      initiatorTaskTag: tag,
      targetTransferTag: NO_TAG,
      cmdSN: this.#cmdSN,
      expStatSN: this.#expStatSN,
    };
    encodeNopOut(request, header);
    return (await this.#ask(tag, Opcode.nopIn, header, data)).data;
  }

  /** One text negotiation, with all pieces of its answer. */
  async text(pairs: Iterable<readonly [string, string]>): Promise<[string, string][]> {
    const tag = this.#newTag();
    const pieces: Uint8Array[] = [];
    let data = encodeText(pairs);
    let targetTransferTag = NO_TAG;
    for (;;) {
      const header = new Uint8Array(BHS_LENGTH);
      const request = {
        immediate: true,
        final: true,
        continues: false,
        dataSegmentLength: data.length,
        lun: encodedLun(0),
        initiatorTaskTag: tag,
        targetTransferTag,
        cmdSN: this.#cmdSN,
        expStatSN: this.#expStatSN,
      };
      encodeTextRequest(request, header);
      const pdu = await this.#ask(tag, Opcode.textResponse, header, data);
      const response = decodeTextResponse(pdu.header);
      pieces.push(pdu.data);
      if (response.final) return decodePairs(Buffer.concat(pieces));
      targetTransferTag = response.targetTransferTag;
      data = new Uint8Array(0);
    }
  }

  /** `which`: 'All', a target name, or '' for the session's own target. */
  async sendTargets(which: string): Promise<Discovered[]> {
    return targetsOf(await this.text([['SendTargets', which]]));
  }

  /** Ends the session and waits until the connection has closed. */
  async logout(): Promise<void> {
    const tag = this.#newTag();
    const header = new Uint8Array(BHS_LENGTH);
    const request = {
      immediate: true,
      reason: LogoutReason.closeSession,
      initiatorTaskTag: tag,
      connectionId: 0,
      cmdSN: this.#cmdSN,
      expStatSN: this.#expStatSN,
    };
    encodeLogoutRequest(request, header);
    await this.#ask(tag, Opcode.logoutResponse, header, NO_BYTES);
    await this.connection.closed;
  }

  /** Breaks the connection. */
  async destroy(): Promise<void> {
    this.connection.destroy();
    await this.connection.closed;
  }

  #ask(tag: number, answer: number, header: Uint8Array, data: Uint8Array): Promise<Pdu> {
    const exchange = new AnswerExchange(answer);
    this.#open(tag, exchange);
    this.connection.send(header, data);
    return exchange.result;
  }

  #open(tag: number, exchange: Exchange): void {
    if (this.#ended !== null) exchange.failed(this.#ended);
    else this.#exchanges.set(tag, exchange);
  }

  #newTag(): number {
    const tag = this.#nextTag;
    this.#nextTag = next(tag) === NO_TAG ? 1 : next(tag);
    return tag;
  }

  #takeCmdSN(immediate: boolean): number {
    const cmdSN = this.#cmdSN;
    if (!immediate) this.#cmdSN = next(cmdSN);
    return cmdSN;
  }

  #room(): Promise<void> {
    return new Promise((resolve) => this.#forRoom.push(resolve));
  }

  async #receive(): Promise<void> {
    for (let pdu = await this.connection.receive(); pdu !== null; pdu = await this.connection.receive()) {
      this.#received(pdu);
    }
    this.#end(new Error('the target closed the connection'));
  }

  #received(pdu: Pdu): void {
    const { statSN, maxCmdSN } = countersOf(pdu.header);
    const ping = isTargetPing(pdu);
    if (pdu.opcode !== Opcode.dataIn && pdu.opcode !== Opcode.r2t && !ping) this.#expStatSN = next(statSN);
    if (isBefore(this.#maxCmdSN, maxCmdSN)) this.#maxCmdSN = maxCmdSN;
    if (pdu.opcode === Opcode.reject) {
      const reason = rejectReasonName(decodeReject(pdu.header).reason);
      this.#rejected(initiatorTaskTag(pdu.data), new Error(`rejected by the target: ${reason}`));
    }
    if (ping) answerTargetPing(this.connection, pdu, this.#cmdSN, this.#expStatSN);
    const tag = initiatorTaskTag(pdu.header);
    if (this.#exchanges.get(tag)?.received(pdu)) this.#exchanges.delete(tag);
    for (const go of this.#forRoom.splice(0)) go();
  }

  #rejected(tag: number, error: Error): void {
    this.#exchanges.get(tag)?.failed(error);
    this.#exchanges.delete(tag);
  }

  #end(error: Error): void {
    this.#ended = error;
    for (const exchange of this.#exchanges.values()) exchange.failed(error);
    this.#exchanges.clear();
    for (const go of this.#forRoom.splice(0)) go();
  }
}

function encodedLun(lun: number): Uint8Array {
  const bytes = new Uint8Array(LUN_LENGTH);
  encodeLun(lun, bytes, 0);
  return bytes;
}
