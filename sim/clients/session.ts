/** One iSCSI session of a simulated client: real PDUs, callbacks, and a complaint about whatever RFC 7143 does not allow. */
import type { ByteStream } from '../../src/env/network.ts';
import { countersOf, initiatorTaskTag, NO_TAG, opcodeOf } from '../../src/wire/iscsi/bhs.ts';
import { decodeDataIn } from '../../src/wire/iscsi/data-in.ts';
import { decodeLoginResponse } from '../../src/wire/iscsi/login-response.ts';
import { Opcode, opcodeName } from '../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../src/wire/iscsi/r2t.ts';
import { decodeScsiResponse, decodeSenseSegment } from '../../src/wire/iscsi/scsi-response.ts';
import { ahead, isBefore, next } from '../../src/wire/iscsi/serial-number.ts';
import { TaskFunction } from '../../src/wire/iscsi/task-management-request.ts';
import { decodeTaskManagementResponse } from '../../src/wire/iscsi/task-management-response.ts';
import { decodePairs } from '../../src/wire/iscsi/text.ts';
import type { Sense } from '../../src/wire/scsi/sense.ts';
import { decodeSense } from '../../src/wire/scsi/sense-data.ts';
import { Violation } from '../world/world.ts';
import { PduStream } from './pdu-stream.ts';
import { answerToPing } from './ping.ts';
import {
  type Counters,
  commandHeader,
  dataOutHeader,
  firstBurst,
  loginHeader,
  loginText,
  logoutHeader,
  managementHeader,
  type SessionTraits,
  segmentLimit,
} from './requests.ts';
import { type CommandRequest, SentCommand } from './sent-command.ts';

export interface SessionOwner {
  /** Simulated ms. */
  readonly now: number;
  loggedIn(): void;
  /** A command that was sent then was answered with a unit attention. */
  attention(lun: number, sense: Sense, sent: number): void;
  /** Once; every command has been told before. */
  ended(reason: string): void;
}

const NO_BYTES = new Uint8Array(0);
const FIRST_CMD_SN = 1;
const UNIT_ATTENTION = 6;

export class ClientSession {
  readonly #pdus: PduStream;
  readonly #owner: SessionOwner;
  readonly #commands = new Map<number, SentCommand>();
  readonly #managing = new Map<
    number,
    { readonly cmdSN: number; readonly done: (response: number) => void }
  >();
  readonly #waiting: CommandRequest[] = [];
  #keys: ReadonlyMap<string, string> = new Map();
  #isUp = false;
  #over = false;
  #tag = 0;
  #cmdSN = FIRST_CMD_SN;
  #maxCmdSN = FIRST_CMD_SN;
  #expStatSN: number | null = null;
  #loggedOut: (() => void) | null = null;

  constructor(
    stream: ByteStream,
    login: Readonly<Record<string, string>>,
    isid: string,
    traits: SessionTraits,
    owner: SessionOwner,
  ) {
    this.#owner = owner;
    this.#pdus = new PduStream(stream, {
      pdu: (header, data) => this.#received(header, data),
      closed: (reason) => this.#ended(reason),
    });
    const text = loginText(login, traits);
    this.#pdus.send(loginHeader(isid, FIRST_CMD_SN, text.length), text);
  }

  /** Commands that may be sent now. */
  get room(): number {
    return ahead(this.#maxCmdSN, this.#cmdSN) + 1;
  }

  command(request: CommandRequest): void {
    if (this.#over) return request.ended({ kind: 'lost' });
    this.#waiting.push(request);
    this.#sendWaiting();
  }

  /** ABORT TASK. A command that was never sent is gone at once. */
  abort(request: CommandRequest, done: () => void): void {
    const unsent = this.#waiting.indexOf(request);
    if (unsent >= 0) {
      this.#waiting.splice(unsent, 1);
      request.ended({ kind: 'aborted' });
      return done();
    }
    const sent = [...this.#commands.values()].find((command) => command.request === request);
    if (sent === undefined) return done();
    this.#manage(TaskFunction.abortTask, request.lun, sent, (response) => {
      if (response > 1) return this.drop();
      this.#endAborted([sent]);
      done();
    });
  }

  /** LOGICAL UNIT RESET: ends what this session has sent to the unit before it. */
  resetUnit(lun: number, done: (response: number) => void): void {
    const before = this.#cmdSN;
    this.#manage(TaskFunction.logicalUnitReset, lun, null, (response) => {
      const commands = [...this.#commands.values()];
      if (response === 0) {
        this.#endAborted(
          commands.filter(({ request, cmdSN }) => request.lun === lun && isBefore(cmdSN, before)),
        );
      }
      done(response);
    });
  }

  logout(done: () => void): void {
    if (this.#over) return done();
    this.#loggedOut = done;
    this.#pdus.send(logoutHeader(this.#counters(this.#newTag())), NO_BYTES);
  }

  drop(): void {
    this.#pdus.drop();
    this.#ended('dropped');
  }

  #received(header: Uint8Array, data: Uint8Array): void {
    if (this.#over) return;
    const opcode = opcodeOf(header);
    if (opcode === Opcode.loginResponse) return this.#loginAnswered(header, data);
    const { maxCmdSN, statSN } = countersOf(header);
    if (isBefore(this.#maxCmdSN, maxCmdSN)) this.#maxCmdSN = maxCmdSN;
    if (opcode === Opcode.dataIn) this.#dataIn(header, data);
    else if (opcode === Opcode.r2t) this.#r2t(header);
    else if (opcode === Opcode.nopIn) this.#pinged(header);
    else {
      this.#countStatSN(statSN);
      this.#answered(opcode, header, data);
    }
    this.#sendWaiting();
  }

  #answered(opcode: number, header: Uint8Array, data: Uint8Array): void {
    switch (opcode) {
      case Opcode.scsiResponse: {
        const { status } = decodeScsiResponse(header);
        return this.#end(this.#take(initiatorTaskTag(header)), status, decodeSenseSegment(data));
      }
      case Opcode.taskManagementResponse:
        return this.#managed(header);
      case Opcode.logoutResponse:
        this.#loggedOut?.();
        return;
      default:
        throw new Violation('protocol', `the target sends ${opcodeName(opcode)}`);
    }
  }

  #pinged(header: Uint8Array): void {
    const answer = answerToPing(header, this.#counters(NO_TAG));
    if (answer !== null) this.#pdus.send(answer, NO_BYTES);
  }

  #end(command: SentCommand, status: number, senseBytes: Uint8Array): void {
    const sense = decodeSense(senseBytes);
    if (sense?.key === UNIT_ATTENTION) this.#owner.attention(command.request.lun, sense, command.sent);
    command.end(status, sense);
  }

  #loginAnswered(header: Uint8Array, data: Uint8Array): void {
    const { status, statSN, maxCmdSN, transit } = decodeLoginResponse(header);
    if (status !== 0 || !transit) return this.drop();
    this.#keys = new Map(decodePairs(data));
    this.#expStatSN = next(statSN);
    this.#maxCmdSN = maxCmdSN;
    this.#isUp = true;
    this.#owner.loggedIn();
    this.#sendWaiting();
  }

  #countStatSN(statSN: number): void {
    if (statSN !== this.#expStatSN) {
      throw new Violation('protocol', `StatSN ${statSN} where ${this.#expStatSN} was due`);
    }
    this.#expStatSN = next(statSN);
  }

  #dataIn(header: Uint8Array, data: Uint8Array): void {
    const pdu = decodeDataIn(header);
    this.#find(pdu.initiatorTaskTag).takeData(pdu, data);
    if (!pdu.withStatus) return;
    this.#countStatSN(pdu.statSN);
    this.#take(pdu.initiatorTaskTag).end(pdu.status, null);
  }

  #r2t(header: Uint8Array): void {
    const pdu = decodeR2t(header);
    const command = this.#find(pdu.initiatorTaskTag);
    command.asked(pdu.r2tSN);
    const end = pdu.bufferOffset + pdu.desiredDataTransferLength;
    if (end > command.request.dataOut.length) throw new Violation('protocol', `R2T up to ${end}`);
    this.#sendData(command, pdu.targetTransferTag, pdu.bufferOffset, end);
  }

  #find(tag: number): SentCommand {
    const command = this.#commands.get(tag);
    if (command === undefined) throw new Violation('protocol', `an answer to task ${tag}, which has ended`);
    return command;
  }

  #take(tag: number): SentCommand {
    const command = this.#find(tag);
    this.#commands.delete(tag);
    return command;
  }

  #sendWaiting(): void {
    if (!this.#isUp) return;
    while (this.#waiting.length > 0 && this.room > 0 && !this.#over) {
      const request = this.#waiting.shift();
      if (request !== undefined) this.#send(request);
    }
  }

  #send(request: CommandRequest): void {
    const command = new SentCommand(this.#newTag(), this.#cmdSN, this.#owner.now, request);
    this.#cmdSN = next(this.#cmdSN);
    this.#commands.set(command.tag, command);
    const { dataOut } = request;
    const { burst, atOnce, final } = firstBurst(this.#keys, dataOut.length);
    const header = commandHeader(command, this.#expStatSN ?? 0, atOnce, final);
    this.#pdus.send(header, atOnce === dataOut.length ? dataOut : dataOut.subarray(0, atOnce));
    if (!final) this.#sendData(command, NO_TAG, atOnce, burst);
  }

  #sendData(command: SentCommand, targetTransferTag: number, from: number, to: number): void {
    const limit = segmentLimit(this.#keys);
    let dataSN = 0;
    for (let at = from; at < to; dataSN += 1) {
      const data = command.request.dataOut.subarray(at, Math.min(at + limit, to));
      const end = at + data.length;
      const lengths = { bufferOffset: at, dataSegmentLength: data.length, final: end === to };
      const place = { targetTransferTag, dataSN, ...lengths };
      this.#pdus.send(dataOutHeader(command, this.#expStatSN ?? 0, place), data);
      at = end;
    }
  }

  #manage(
    what: TaskFunction,
    lun: number,
    about: SentCommand | null,
    done: (response: number) => void,
  ): void {
    if (this.#over) return;
    const tag = this.#newTag();
    this.#managing.set(tag, { cmdSN: this.#cmdSN, done });
    const reference = { referencedTaskTag: about?.tag ?? NO_TAG, refCmdSN: about?.cmdSN ?? 0 };
    this.#pdus.send(managementHeader(what, lun, reference, this.#counters(tag)), NO_BYTES);
  }

  #counters(initiatorTaskTag: number): Counters {
    return { initiatorTaskTag, cmdSN: this.#cmdSN, expStatSN: this.#expStatSN ?? 0 };
  }

  #managed(header: Uint8Array): void {
    const { response } = decodeTaskManagementResponse(header);
    const tag = initiatorTaskTag(header);
    const managing = this.#managing.get(tag);
    if (managing === undefined) throw new Violation('protocol', `an answer to task management ${tag}`);
    this.#managing.delete(tag);
    managing.done(response);
  }

  #endAborted(commands: readonly SentCommand[]): void {
    for (const command of commands) {
      if (this.#commands.delete(command.tag)) command.request.ended({ kind: 'aborted' });
    }
  }

  #ended(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const lost = [...this.#commands.values()].map(({ request }) => request);
    this.#commands.clear();
    for (const request of [...lost, ...this.#waiting.splice(0)]) request.ended({ kind: 'lost' });
    this.#owner.ended(reason);
  }

  #newTag(): number {
    this.#tag += 1;
    return this.#tag;
  }
}
