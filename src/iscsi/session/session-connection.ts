/**
 * One connection of a session in full feature phase (RFC 7143 4.2.7, 6.4): takes its PDUs, counts its answers, and answers itself what
 * is not a command's. Commands and their data are the task table's.
 */
import type { Lease } from '../../buffers/buffer-pool.ts';
import type { CommandResult } from '../../scsi/logical-unit.ts';
import { initiatorTaskTag, NO_TAG, opcodeOf } from '../../wire/iscsi/bhs.ts';
import { decodeLogoutRequest, LogoutReason, type LogoutRequest } from '../../wire/iscsi/logout-request.ts';
import { encodeLogoutResponse, LogoutResult } from '../../wire/iscsi/logout-response.ts';
import { encodeNopIn } from '../../wire/iscsi/nop-in.ts';
import { decodeNopOut, type NopOut } from '../../wire/iscsi/nop-out.ts';
import { Opcode, opcodeName } from '../../wire/iscsi/opcode.ts';
import { encodeReject, RejectReason, rejectReasonName } from '../../wire/iscsi/reject.ts';
import { next } from '../../wire/iscsi/serial-number.ts';
import { decodeTaskManagementRequest } from '../../wire/iscsi/task-management-request.ts';
import { decodeTextRequest, type TextRequest } from '../../wire/iscsi/text-request.ts';
import { encodeTextResponse } from '../../wire/iscsi/text-response.ts';
import type { Connection, Phase } from '../connection/connection.ts';
import type { Parameters } from '../login/parameters.ts';
import { sendDataIn } from '../transfer/answers.ts';
import { discardBuffer } from '../transfer/discard.ts';
import type { ScsiTask } from '../transfer/scsi-task.ts';
import type { CommandPath } from '../transfer/task-host.ts';
import type { ConnectionHost, ConnectionTerms } from './connection-host.ts';
import type { Numbering } from './numbering.ts';
import { Pings } from './pings.ts';
import { ConnectionWatch } from './session-watch.ts';
import type { ManagerPath } from './task-manager.ts';
import { TextExchange } from './text-exchange.ts';

export class SessionConnection implements Phase, CommandPath, ManagerPath {
  readonly connection: Connection;
  readonly connectionId: number;
  readonly parameters: Parameters;
  readonly numbering: Numbering;
  readonly pings: Pings;
  readonly watch: ConnectionWatch;
  readonly collapsesStatus: boolean = true;
  readonly isLost: boolean = false;
  statSN: number;
  receiver: ScsiTask | null = null;
  /** Nothing comes any more. */
  isClosed = false;
  /** The session's, to call when nothing is left of the connection. */
  readonly whenGone: (() => void)[] = [];
  protected readonly host: ConnectionHost;
  readonly #text: TextExchange;
  /** Data of a PDU that is neither a command's nor a Data-Out. */
  #data: Lease | null = null;

  constructor(host: ConnectionHost, connection: Connection, terms: ConnectionTerms) {
    this.host = host;
    this.connection = connection;
    this.connectionId = terms.connectionId;
    this.parameters = terms.parameters;
    this.statSN = terms.statSN;
    this.numbering = host.numbering;
    this.pings = new Pings(this);
    this.watch = new ConnectionWatch(connection, this.pings);
    const targets = () => host.targets(connection.stream.localAddress);
    this.#text = new TextExchange({ port: host.identity.port, targets }, this.parameters);
  }

  /** A buffer is being filled. */
  get receiving(): boolean {
    return this.receiver !== null || this.#data !== null;
  }

  nextStatSN(): number {
    const { statSN } = this;
    this.statSN = next(statSN);
    return statSN;
  }

  sendAnswer(segment: Uint8Array | null): void {
    this.connection.send(segment, null);
  }

  sendDataIn(
    { tag, expectedLength }: ScsiTask,
    dataSN: number,
    offset: number,
    data: Lease,
    result: CommandResult | null,
    _last: boolean,
  ): number {
    return sendDataIn(this, tag, dataSN, offset, data, result, expectedLength);
  }

  afterDataIn(_tag: number, mark: Lease): void {
    this.connection.afterSending(mark);
  }

  dataAbandoned(_tag: number): void {}

  settleOthers(then: () => void): void {
    this.host.settleOthers(this, then);
  }

  beginPdu(header: Uint8Array, length: number): Uint8Array | null {
    const { tasks } = this.host;
    switch (opcodeOf(header)) {
      case Opcode.scsiCommand:
        if (tasks !== null) return tasks.beginCommand(this, header, length);
        break;
      case Opcode.dataOut:
        if (tasks !== null) return tasks.beginDataOut(this, header, length);
        break;
      case Opcode.nopOut:
      case Opcode.textRequest:
        if (length === 0) return null;
        this.#data = this.host.pool.take(length);
        return this.#data.bytes;
    }
    return discardBuffer(length);
  }

  endPdu(header: Uint8Array): void {
    const { tasks, manager } = this.host;
    switch (opcodeOf(header)) {
      case Opcode.scsiCommand:
        return tasks === null ? this.#unsupported(header) : tasks.endCommand(this, header);
      case Opcode.dataOut:
        return tasks === null ? this.#unsupported(header) : tasks.endDataOut(this, header);
      case Opcode.taskManagementRequest:
        return manager === null
          ? this.#unsupported(header)
          : manager.request(this, decodeTaskManagementRequest(header));
      case Opcode.nopOut:
        return this.#nopOut(decodeNopOut(header));
      case Opcode.textRequest:
        return this.#textRequest(decodeTextRequest(header), header);
      case Opcode.logoutRequest: {
        const pdu = decodeLogoutRequest(header);
        return this.#inOrder(pdu, () => this.#logout(pdu));
      }
      case Opcode.snackRequest:
        return this.reject(RejectReason.snackReject, header);
      case Opcode.loginRequest:
        return this.fail(RejectReason.protocolError, header, 'a login request in full feature phase');
      default:
        return this.#unsupported(header);
    }
  }

  badData(header: Uint8Array, what: 'length' | 'digest'): void {
    if (what === 'length') {
      return this.fail(RejectReason.invalidPduField, header, 'a data segment longer than was declared');
    }
    this.letGo();
    this.fail(RejectReason.dataDigestError, header, 'a wrong data digest');
  }

  #unsupported(header: Uint8Array): void {
    this.reject(RejectReason.commandNotSupported, header);
  }

  /** Delivers a request in CmdSN order; an immediate one at once. */
  #inOrder(pdu: { readonly immediate: boolean; readonly cmdSN: number }, deliver: () => void): void {
    if (pdu.immediate) return deliver();
    switch (this.numbering.place(pdu.cmdSN)) {
      case 'ignore':
        return;
      case 'later':
        return this.numbering.hold(pdu.cmdSN, { path: this, deliver });
      case 'now':
        deliver();
        this.numbering.deliverEarly();
    }
  }

  /** A copy: the request may have to wait for its turn, and the session may end meanwhile. */
  #takeData(): Uint8Array {
    const lease = this.#data;
    if (lease === null) return new Uint8Array(0);
    this.#data = null;
    const copy = lease.bytes.slice();
    lease.release();
    return copy;
  }

  #nopOut(pdu: NopOut): void {
    const data = this.#takeData();
    // Without a task tag it wants no answer (11.18.1): it may be one.
    if (pdu.initiatorTaskTag === NO_TAG) return this.pings.answer(pdu.targetTransferTag);
    this.#inOrder(pdu, () => this.#echo(pdu, data));
  }

  #echo(pdu: NopOut, data: Uint8Array): void {
    if (!pdu.immediate) this.numbering.answered();
    const echoed = data.subarray(0, this.parameters.maxSendSegmentLength);
    const answer = {
      dataSegmentLength: echoed.length,
      lun: pdu.lun,
      initiatorTaskTag: pdu.initiatorTaskTag,
      targetTransferTag: NO_TAG,
      ...this.#counters(),
    };
    encodeNopIn(answer, this.connection.header);
    this.sendAnswer(echoed);
  }

  #textRequest(pdu: TextRequest, header: Uint8Array): void {
    const text = this.#takeData();
    const copy = header.slice();
    this.#inOrder(pdu, () => this.#answerText(pdu, copy, text));
  }

  #answerText(pdu: TextRequest, header: Uint8Array, text: Uint8Array): void {
    if (!pdu.immediate) this.numbering.answered();
    const answer = this.#text.request(pdu, text);
    if (typeof answer === 'string') return this.reject(RejectReason.protocolError, header);
    const response = {
      final: answer.final,
      continues: answer.continues,
      dataSegmentLength: answer.text.length,
      initiatorTaskTag: pdu.initiatorTaskTag,
      targetTransferTag: answer.targetTransferTag,
      ...this.#counters(),
    };
    encodeTextResponse(response, this.connection.header);
    this.sendAnswer(answer.text);
  }

  #logout(pdu: LogoutRequest): void {
    if (!pdu.immediate) this.numbering.answered();
    this.host.logout(this, pdu, (result) => this.#answerLogout(pdu, result));
  }

  #answerLogout(pdu: LogoutRequest, response: LogoutResult): void {
    const { time2Wait, time2Retain } = this.parameters;
    const { initiatorTaskTag } = pdu;
    const answer = { response, initiatorTaskTag, time2Wait, time2Retain, ...this.#counters() };
    encodeLogoutResponse(answer, this.connection.header);
    this.sendAnswer(null);
    const own = pdu.reason === LogoutReason.closeSession || pdu.connectionId === this.connectionId;
    if (response === LogoutResult.closed && own) this.connection.finish();
  }

  reject(reason: RejectReason, header: Uint8Array): void {
    const pdu = { reason, dataSegmentLength: header.length, dataSN: 0, ...this.#counters() };
    encodeReject(pdu, this.connection.header);
    this.sendAnswer(header.slice());
  }

  fail(reason: RejectReason, header: Uint8Array, why: string): void {
    const fields = {
      remote: this.connection.stream.remoteAddress,
      initiator: this.host.identity.initiatorName,
      pdu: opcodeName(opcodeOf(header)),
      task: initiatorTaskTag(header),
      reason: rejectReasonName(reason),
    };
    this.connection.log.warn(fields, `session ended: ${why}`);
    this.reject(reason, header);
    this.host.finish();
  }

  dropped(why: string): void {
    this.host.connectionDropped(this, why);
  }

  closed(): void {
    this.isClosed = true;
    this.letGo();
    this.host.connectionClosed(this);
  }

  /** It has closed, and nobody wants what it has kept. */
  forget(): void {}

  /** What was coming is not to be used, and no buffer is filled any more. */
  letGo(): void {
    this.#data?.release();
    this.#data = null;
    this.receiver?.receiver.lost();
    this.receiver = null;
  }

  #counters(): { statSN: number; expCmdSN: number; maxCmdSN: number } {
    const { expCmdSN, maxCmdSN } = this.numbering;
    return { statSN: this.nextStatSN(), expCmdSN, maxCmdSN };
  }
}
