/** Turns the frames of a link into information units: docs/fibre-channel.md says which becomes which. */
import {
  COMMAND_CONTEXT,
  type CommandContext,
  encodeCommandContext,
} from '../../../wire/fc/command-context.ts';
import {
  encodeFcpCommand,
  FCP_LUN_LENGTH,
  type FcpCommand,
  MAX_FCP_COMMAND,
} from '../../../wire/fc/fcp-command.ts';
import { encodeFcpLun } from '../../../wire/fc/fcp-lun.ts';
import { encodeFcpResponse, MAX_FCP_RESPONSE, ResponseCode } from '../../../wire/fc/fcp-response.ts';
import { encodeFcpTransferReady } from '../../../wire/fc/fcp-transfer-ready.ts';
import { FcType, FrameControl, RoutingControl, UNASSIGNED } from '../../../wire/fc/frame-header.ts';
import { decodeCommand } from '../../../wire/interconnect/command.ts';
import {
  emptyHeader,
  FINAL,
  type FrameHeader,
  FrameType,
  HEADER_LENGTH,
  sealFrame,
  u8,
  u32,
} from '../../../wire/interconnect/frame.ts';
import { decodeResult, type Result, ResultKind } from '../../../wire/interconnect/result.ts';
import { decodeTaskManagement, TaskManagementAnswer } from '../../../wire/interconnect/task-management.ts';
import type { Sense } from '../../../wire/scsi/sense.ts';
import { encodeDescriptorSense, encodeSense } from '../../../wire/scsi/sense-data.ts';
import { type FcExchange, type FcExchanges, slotOf, turnOf } from './fc-exchanges.ts';
import type { FcPort } from './fc-port.ts';
import type { FcUnit } from './sequence-assembly.ts';
import { flagsOf } from './task-management-flags.ts';

/** OX_IDs of vendor specific units, an exchange each: above those of commands, below those of logins. */
const FIRST_VENDOR_EXCHANGE = 0x8000;
const VENDOR_EXCHANGES = 0x4000;
const NO_SENSE = new Uint8Array(0);

const { firstSequence, lastSequence, relativeOffset, responder, sequenceInitiative } = FrameControl;

export class UnitSender {
  readonly #port: FcPort;
  readonly #own: FcExchanges;
  readonly #served: FcExchanges;
  /** Units that are made here. */
  readonly #bytes = new Uint8Array(Math.max(MAX_FCP_COMMAND, MAX_FCP_RESPONSE));
  readonly #context = new Uint8Array(HEADER_LENGTH + 32);
  readonly #header = emptyHeader();
  #vendorExchange = 0;

  /** `own`: exchanges that this system begins; `served`: those of the partner. */
  constructor(port: FcPort, own: FcExchanges, served: FcExchanges) {
    this.#port = port;
    this.#own = own;
    this.#served = served;
  }

  /** `frame`: room for the header, then the parameters. */
  send(header: FrameHeader, frame: Uint8Array, payload: Uint8Array): void {
    const parameters = frame.subarray(HEADER_LENGTH, HEADER_LENGTH + header.parametersLength);
    switch (header.type) {
      case FrameType.command:
        this.#command(header, parameters, payload);
        break;
      case FrameType.dataOut:
        this.#dataOut(this.#find(this.#own, header.exchange), u32(parameters, 0), payload);
        break;
      case FrameType.dataIn:
        this.#dataIn(header, parameters, payload);
        break;
      case FrameType.response:
        this.#response(header, frame, parameters);
        break;
      case FrameType.taskManagement:
        this.#taskManagement(header, frame, parameters);
        break;
      case FrameType.taskManagementResponse:
        this.#taskManagementResponse(header, frame, u8(parameters, 0));
        break;
      default:
        this.#vendor(header, frame, payload);
    }
    this.#port.endMessage();
  }

  sendUrgent(header: FrameHeader, frame: Uint8Array): void {
    if (header.type !== FrameType.transferReady) {
      sealFrame(frame, header);
      const bytes = frame.subarray(0, HEADER_LENGTH + header.parametersLength);
      return this.#port.sendUrgent(this.#vendorUnit(), bytes);
    }
    const exchange = this.#find(this.#served, header.exchange);
    const ready = { offset: u32(frame, HEADER_LENGTH), length: u32(frame, HEADER_LENGTH + 4) };
    const length = encodeFcpTransferReady(ready, this.#bytes, 0);
    const control = responder | sequenceInitiative;
    const unit = fcpUnit(exchange, RoutingControl.fcpTransferReady, control, 0);
    this.#port.sendUrgent(unit, this.#bytes.subarray(0, length));
    exchange.sequenceCount = 0;
  }

  #command(header: FrameHeader, parameters: Uint8Array, payload: Uint8Array): void {
    const command = decodeCommand(parameters);
    if (command === null) throw new Error('a malformed COMMAND was to be sent');
    const { nexus, tag, taskAttribute, cdb, dataOutLength, dataInLength, unsolicitedLength } = command;
    const { dataInCredit, readSetLength } = command;
    const cdbLength = cdb.length;
    this.#sendContext(header, {
      nexus,
      tag,
      unsolicitedLength,
      dataInCredit,
      readSetLength,
      cdbLength,
    });
    const exchange = this.#own.begin(header.exchange, dataOutLength + dataInLength, false, unsolicitedLength);
    const lun = new Uint8Array(FCP_LUN_LENGTH);
    encodeFcpLun(command.unit, lun, 0);
    const taskManagement = 0;
    this.#fcpCommand(exchange, { lun, taskAttribute, taskManagement, cdb, dataOutLength, dataInLength });
    if (payload.length > 0) this.#dataOut(exchange, 0, payload);
  }

  /** Sequence Initiative stays here as long as there is data to send that was not asked for. */
  #fcpCommand(exchange: FcExchange, command: FcpCommand): void {
    const length = encodeFcpCommand(command, this.#bytes, 0);
    const control = exchange.readyTo === 0 ? firstSequence | sequenceInitiative : firstSequence;
    const unit = fcpUnit(exchange, RoutingControl.fcpCommand, control, 0, UNASSIGNED);
    this.#sendSequence(exchange, unit, this.#bytes.subarray(0, length));
  }

  #dataOut(exchange: FcExchange, offset: number, data: Uint8Array): void {
    const initiative = offset + data.length === exchange.readyTo ? sequenceInitiative : 0;
    const unit = fcpUnit(exchange, RoutingControl.fcpData, relativeOffset | initiative, offset);
    this.#sendSequence(exchange, unit, data);
  }

  #dataIn(header: FrameHeader, parameters: Uint8Array, data: Uint8Array): void {
    const exchange = this.#find(this.#served, header.exchange);
    const control = responder | relativeOffset;
    const unit = fcpUnit(exchange, RoutingControl.fcpData, control, u32(parameters, 0));
    this.#sendSequence(exchange, unit, data);
    if ((header.flags & FINAL) !== 0) this.#fcpResult(exchange, resultOf(parameters.subarray(4)));
  }

  #response(header: FrameHeader, frame: Uint8Array, parameters: Uint8Array): void {
    const result = resultOf(parameters);
    const exchange = this.#find(this.#served, header.exchange);
    if (result.kind === ResultKind.status) return this.#fcpResult(exchange, result);
    this.#served.end(exchange.number);
    this.#vendor(header, frame, NO_SENSE);
  }

  #fcpResult(exchange: FcExchange, result: Result): void {
    const residual = result.presentedLength - exchange.length;
    const sense = result.sense === null ? NO_SENSE : senseBytes(result.sense);
    this.#fcpResponse(exchange, result.status, residual, null, sense);
  }

  #taskManagement(header: FrameHeader, frame: Uint8Array, parameters: Uint8Array): void {
    const what = decodeTaskManagement(parameters);
    if (what === null) throw new Error('a malformed TASK_MANAGEMENT was to be sent');
    const taskManagement = flagsOf(what.function);
    if (taskManagement === 0) return this.#vendor(header, frame, NO_SENSE);
    const nothing = { unsolicitedLength: 0, dataInCredit: 0, readSetLength: 0, cdbLength: 0 };
    this.#sendContext(header, { nexus: what.nexus, tag: what.tag, ...nothing });
    const lun = new Uint8Array(FCP_LUN_LENGTH);
    encodeFcpLun(what.unit, lun, 0);
    const noCommand = { taskAttribute: 0, cdb: NO_SENSE, dataOutLength: 0, dataInLength: 0 };
    this.#fcpCommand(this.#own.begin(header.exchange, 0, true, 0), { lun, taskManagement, ...noCommand });
  }

  #taskManagementResponse(header: FrameHeader, frame: Uint8Array, answer: number): void {
    const exchange = this.#served.find(header.exchange);
    const asFcp = answer === TaskManagementAnswer.complete || answer === TaskManagementAnswer.rejected;
    if (exchange === null || !asFcp) {
      this.#served.end(header.exchange);
      return this.#vendor(header, frame, NO_SENSE);
    }
    const code = answer === TaskManagementAnswer.complete ? ResponseCode.complete : ResponseCode.rejected;
    this.#fcpResponse(exchange, 0, 0, code, NO_SENSE);
  }

  #fcpResponse(
    exchange: FcExchange,
    status: number,
    residual: number,
    code: number | null,
    sense: Uint8Array,
  ): void {
    const length = encodeFcpResponse({ status, residual, code, sense }, this.#bytes, 0);
    const unit = fcpUnit(exchange, RoutingControl.fcpResponse, responder | lastSequence, 0);
    this.#sendSequence(exchange, unit, this.#bytes.subarray(0, length));
    this.#served.end(exchange.number);
  }

  /** The frame as docs/interconnect.md has it. */
  #vendor(header: FrameHeader, frame: Uint8Array, payload: Uint8Array): void {
    sealFrame(frame, header);
    const parametersEnd = HEADER_LENGTH + header.parametersLength;
    if (payload.length === 0) {
      this.#port.send(this.#vendorUnit(), frame.subarray(0, parametersEnd));
      return;
    }
    // INVENTORY alone, once a link.
    const whole = new Uint8Array(parametersEnd + payload.length);
    whole.set(frame.subarray(0, parametersEnd));
    whole.set(payload, parametersEnd);
    this.#port.send(this.#vendorUnit(), whole);
  }

  #sendContext({ generation, exchange }: FrameHeader, context: CommandContext): void {
    const frame = this.#context;
    const header = this.#header;
    header.type = COMMAND_CONTEXT;
    header.generation = generation;
    header.exchange = exchange;
    header.parametersLength = encodeCommandContext(context, frame, HEADER_LENGTH);
    sealFrame(frame, header);
    this.#port.send(this.#vendorUnit(), frame.subarray(0, HEADER_LENGTH + header.parametersLength));
  }

  /** An exchange of one sequence that nobody answers in it. */
  #vendorUnit(): FcUnit {
    this.#vendorExchange = (this.#vendorExchange + 1) % VENDOR_EXCHANGES;
    return {
      routingControl: RoutingControl.unsolicitedControl,
      destination: null,
      source: null,
      type: FcType.vendor,
      frameControl: firstSequence | lastSequence,
      sequenceCount: 0,
      originatorExchange: FIRST_VENDOR_EXCHANGE + this.#vendorExchange,
      responderExchange: UNASSIGNED,
      parameter: 0,
    };
  }

  #sendSequence(exchange: FcExchange, unit: FcUnit, bytes: Uint8Array): void {
    const frames = this.#port.send(unit, bytes);
    const passed = (unit.frameControl & sequenceInitiative) !== 0;
    exchange.sequenceCount = passed ? 0 : (exchange.sequenceCount + frames) & 0xffff;
  }

  #find(exchanges: FcExchanges, number: number): FcExchange {
    const exchange = exchanges.find(number);
    if (exchange === null) throw new Error(`exchange ${number} is not open on Fibre Channel`);
    return exchange;
  }
}

function fcpUnit(
  exchange: FcExchange,
  routingControl: number,
  frameControl: number,
  parameter: number,
  responderExchange = turnOf(exchange.number),
): FcUnit {
  return {
    routingControl,
    destination: null,
    source: null,
    type: FcType.fcp,
    frameControl,
    sequenceCount: exchange.sequenceCount,
    originatorExchange: slotOf(exchange.number),
    responderExchange,
    parameter,
  };
}

function resultOf(parameters: Uint8Array): Result {
  const result = decodeResult(parameters);
  if (result === null) throw new Error('a malformed result was to be sent');
  return result;
}

/** Fixed format, but for an INFORMATION that it has no room for. */
function senseBytes(sense: Sense): Uint8Array {
  return (sense.information ?? 0) > 0xffff_ffff ? encodeDescriptorSense(sense) : encodeSense(sense);
}
