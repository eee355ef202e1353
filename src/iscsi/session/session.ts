/**
 * The full feature phase of a session (RFC 7143 4.2.7, 6.4): one connection, normal or for discovery. Commands and
 * their data are the task table's; the rest is answered here.
 */
import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import type { NexusLoss } from '../../scsi/logical-unit.ts';
import type { TargetPort } from '../../scsi/target-port.ts';
import type { TaskRouter } from '../../scsi/task-router.ts';
import { initiatorTaskTag, NO_TAG, opcodeOf } from '../../wire/iscsi/bhs.ts';
import { decodeLogoutRequest, type LogoutRequest } from '../../wire/iscsi/logout-request.ts';
import { encodeLogoutResponse, LogoutResult } from '../../wire/iscsi/logout-response.ts';
import { encodeNopIn } from '../../wire/iscsi/nop-in.ts';
import { decodeNopOut, type NopOut } from '../../wire/iscsi/nop-out.ts';
import { Opcode, opcodeName } from '../../wire/iscsi/opcode.ts';
import { encodeReject, RejectReason, rejectReasonName } from '../../wire/iscsi/reject.ts';
import { decodeTaskManagementRequest } from '../../wire/iscsi/task-management-request.ts';
import { decodeTextRequest, type TextRequest } from '../../wire/iscsi/text-request.ts';
import { encodeTextResponse } from '../../wire/iscsi/text-response.ts';
import type { Connection, Phase } from '../connection/connection.ts';
import type { Identity } from '../login/login.ts';
import type { Parameters } from '../login/parameters.ts';
import type { DiscoveredTarget } from '../portal/discovery.ts';
import { discardBuffer } from '../transfer/discard.ts';
import type { PortCounters } from '../transfer/port-counters.ts';
import { type TableHost, TaskTable } from '../transfer/task-table.ts';
import { logoutResult } from './logout-result.ts';
import type { Numbering } from './numbering.ts';
import { Pings } from './pings.ts';
import { SessionWatch } from './session-watch.ts';
import { TaskManager } from './task-manager.ts';
import { TextExchange } from './text-exchange.ts';

export interface SessionOptions {
  readonly connection: Connection;
  readonly connectionId: number;
  readonly identity: Identity;
  readonly parameters: Parameters;
  readonly numbering: Numbering;
  readonly tsih: number;
  readonly router: TaskRouter;
  readonly pool: BufferPool;
  readonly counters: PortCounters;
  readonly targets: () => readonly DiscoveredTarget[];
  /** The session is over: its nexus is closed. */
  readonly ended: (session: Session) => void;
}

export class Session implements Phase, TableHost {
  readonly identity: Identity;
  readonly tsih: number;
  readonly connection: Connection;
  readonly parameters: Parameters;
  readonly numbering: Numbering;
  readonly watch: SessionWatch;
  readonly #options: SessionOptions;
  /** Null in a discovery session. */
  readonly #tasks: TaskTable | null;
  readonly #manager: TaskManager | null;
  readonly #text: TextExchange;
  readonly #pings: Pings;
  /** Data of a PDU that is neither a command's nor a Data-Out. */
  #data: Lease | null = null;
  #why: NexusLoss | null = null;
  #over = false;
  readonly #whenOver: (() => void)[] = [];

  constructor(options: SessionOptions) {
    const { identity, router, pool, counters, parameters } = options;
    this.#options = options;
    this.identity = identity;
    this.tsih = options.tsih;
    this.connection = options.connection;
    this.parameters = parameters;
    this.numbering = options.numbering;
    const { initiatorName, isid, port } = identity;
    this.#pings = new Pings(this.connection, this.numbering);
    const open = (at: TargetPort) =>
      router.openNexus(initiatorName, isid, at, this.#pings.send, () => this.finish());
    this.#tasks = port === null ? null : new TaskTable(this, open(port), router, pool, counters);
    this.#manager = this.#tasks === null ? null : new TaskManager(this.#tasks);
    this.watch = new SessionWatch(this, this.#pings, this.#tasks, this.#manager);
    this.#text = new TextExchange({ port, targets: options.targets }, parameters);
  }

  get commandsOutstanding(): number {
    return this.#tasks?.size ?? 0;
  }

  beginPdu(header: Uint8Array, length: number): Uint8Array | null {
    switch (opcodeOf(header)) {
      case Opcode.scsiCommand:
        if (this.#tasks !== null) return this.#tasks.beginCommand(header, length);
        break;
      case Opcode.dataOut:
        if (this.#tasks !== null) return this.#tasks.beginDataOut(header, length);
        break;
      case Opcode.nopOut:
      case Opcode.textRequest:
        if (length === 0) return null;
        this.#data = this.#options.pool.take(length);
        return this.#data.bytes;
    }
    return discardBuffer(length);
  }

  endPdu(header: Uint8Array): void {
    switch (opcodeOf(header)) {
      case Opcode.scsiCommand:
        return this.#tasks === null ? this.#unsupported(header) : this.#tasks.endCommand(header);
      case Opcode.dataOut:
        return this.#tasks === null ? this.#unsupported(header) : this.#tasks.endDataOut(header);
      case Opcode.taskManagementRequest:
        return this.#manager === null
          ? this.#unsupported(header)
          : this.#manager.request(decodeTaskManagementRequest(header));
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
    this.#tasks?.dataLost();
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
        return this.numbering.hold(pdu.cmdSN, { deliver });
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
    if (pdu.initiatorTaskTag === NO_TAG) return this.#pings.answer(pdu.targetTransferTag);
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
    this.connection.send(echoed, null);
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
    this.connection.send(answer.text, null);
  }

  /** The nexus is closed before the answer goes out: what comes by another session comes after it. */
  #logout(pdu: LogoutRequest): void {
    if (!pdu.immediate) this.numbering.answered();
    const result = logoutResult(pdu, this.#options.connectionId);
    if (result === LogoutResult.closed) {
      this.#why = 'logout';
      this.#becomeOver();
    }
    const { time2Wait, time2Retain } = this.parameters;
    const { initiatorTaskTag } = pdu;
    const answer = { response: result, initiatorTaskTag, time2Wait, time2Retain, ...this.#counters() };
    encodeLogoutResponse(answer, this.connection.header);
    this.connection.send(null, null);
    if (result === LogoutResult.closed) this.connection.finish();
  }

  reject(reason: RejectReason, header: Uint8Array): void {
    const pdu = { reason, dataSegmentLength: header.length, dataSN: 0, ...this.#counters() };
    encodeReject(pdu, this.connection.header);
    this.connection.send(header.slice(), null);
  }

  fail(reason: RejectReason, header: Uint8Array, why: string): void {
    const fields = {
      remote: this.connection.stream.remoteAddress,
      initiator: this.identity.initiatorName,
      pdu: opcodeName(opcodeOf(header)),
      task: initiatorTaskTag(header),
      reason: rejectReasonName(reason),
    };
    this.connection.log.warn(fields, `session ended: ${why}`);
    this.reject(reason, header);
    this.finish();
  }

  dropSession(why: string): void {
    const remote = this.connection.stream.remoteAddress;
    this.connection.log.warn({ remote, initiator: this.identity.initiatorName }, `session dropped: ${why}`);
    this.end('linkLost', why);
  }

  /** Closes the connection without an answer to anything; `then` is called when the nexus is closed. */
  end(why: NexusLoss, reason: string, then?: () => void): void {
    this.connection.drop(reason);
    this.#end(why);
    if (then === undefined) return;
    if (this.#over) then();
    else this.#whenOver.push(then);
  }

  /** Lets what runs come to its end, and takes nothing new. */
  drain(): void {
    this.#tasks?.drain();
  }

  /** Sends what waits, and closes. */
  finish(): void {
    this.connection.finish();
    this.#end('connectionLost');
  }

  closed(): void {
    this.#why ??= 'connectionLost';
    this.#becomeOver();
  }

  /** Data may still be received into a unit's buffer until the stream has closed. */
  #end(why: NexusLoss): void {
    this.#why ??= why;
    if (!(this.#tasks?.receiving ?? false)) this.#becomeOver();
  }

  #becomeOver(): void {
    if (this.#over) return;
    this.#over = true;
    this.#takeData();
    if (this.#tasks !== null) {
      this.#tasks.close();
      this.#options.router.closeNexus(this.#tasks.nexus, this.#why ?? 'connectionLost');
    }
    this.#options.ended(this);
    for (const then of this.#whenOver.splice(0)) then();
  }

  #counters(): { statSN: number; expCmdSN: number; maxCmdSN: number } {
    const statSN = this.numbering.nextStatSN();
    return { statSN, expCmdSN: this.numbering.expCmdSN, maxCmdSN: this.numbering.maxCmdSN };
  }
}
