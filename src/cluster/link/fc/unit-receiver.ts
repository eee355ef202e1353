/**
 * Turns information units back into the frames of a link. What it can't make a frame of is broken, and a string says why;
 * whether a frame is right for its nexus, unit and exchange is judged by those that the frames are for.
 */
import {
  COMMAND_CONTEXT,
  type CommandContext,
  decodeCommandContext,
} from '../../../wire/fc/command-context.ts';
import { decodeFcpCommand, type FcpCommand } from '../../../wire/fc/fcp-command.ts';
import { decodeFcpLun } from '../../../wire/fc/fcp-lun.ts';
import { decodeFcpResponse, type FcpResponse, ResponseCode } from '../../../wire/fc/fcp-response.ts';
import { decodeFcpTransferReady } from '../../../wire/fc/fcp-transfer-ready.ts';
import { FcType, FrameControl, RoutingControl, UNASSIGNED } from '../../../wire/fc/frame-header.ts';
import { encodeCommand } from '../../../wire/interconnect/command.ts';
import {
  brokenHeader,
  decodeHeader,
  emptyHeader,
  FINAL,
  type FrameHeader,
  FrameType,
  frameName,
  HEADER_LENGTH,
  headerChecksumHolds,
  MAX_PARAMETERS,
  putU32,
} from '../../../wire/interconnect/frame.ts';
import { encodeResult, type Result, ResultKind } from '../../../wire/interconnect/result.ts';
import { encodeTaskManagement, TaskManagementAnswer } from '../../../wire/interconnect/task-management.ts';
import { decodeSense } from '../../../wire/scsi/sense-data.ts';
import type { FrameReceiver } from '../frame-channel.ts';
import { type FcExchange, type FcExchanges, numberOf, slotOf } from './fc-exchanges.ts';
import type { FcUnit } from './sequence-assembly.ts';
import { functionOf } from './task-management-flags.ts';

const NO_BYTES = new Uint8Array(0);
const MAX_U32 = 0xffff_ffff;
const CDB_FIELD = 16;

/** What came ahead of an FCP_CMND. */
interface AnnouncedCommand {
  readonly context: CommandContext;
  readonly exchange: number;
}

/** Read data that is in its place. Its FCP_RSP is usually right behind it, and the two make one frame. */
interface ArrivedData {
  readonly exchange: number;
  readonly offset: number;
  readonly place: Uint8Array;
}

/** Frames that FCP has a unit for come as that. */
const comeAsFcp: ReadonlySet<number> = new Set([
  FrameType.command,
  FrameType.dataOut,
  FrameType.dataIn,
  FrameType.transferReady,
]);

export class UnitReceiver {
  generation = 0;
  receiver: FrameReceiver;
  readonly #own: FcExchanges;
  readonly #served: FcExchanges;
  readonly #header = emptyHeader();
  readonly #parameters = new Uint8Array(MAX_PARAMETERS);
  /** The FCP_CMND that this belongs to comes next. */
  #context: AnnouncedCommand | null = null;

  #arrived: ArrivedData | null = null;

  constructor(own: FcExchanges, served: FcExchanges, receiver: FrameReceiver) {
    this.#own = own;
    this.#served = served;
    this.receiver = receiver;
  }

  /** What is broken about the unit, or null. */
  unit(unit: FcUnit, bytes: Uint8Array): string | null {
    const isCommand = unit.type === FcType.fcp && unit.routingControl === RoutingControl.fcpCommand;
    if (isCommand !== (this.#context !== null)) return 'FCP_CMND and its context do not come together';
    const isResponse = unit.type === FcType.fcp && unit.routingControl === RoutingControl.fcpResponse;
    const broken = isResponse ? null : this.deliverData();
    return broken ?? (unit.type === FcType.vendor ? this.#vendor(unit, bytes) : this.#fcp(unit, bytes));
  }

  /** Read data whose FCP_RSP has not come with it goes on alone. */
  deliverData(): string | null {
    const arrived = this.#arrived;
    this.#arrived = null;
    if (arrived === null) return null;
    putU32(this.#parameters, 0, arrived.offset);
    this.#setHeader(FrameType.dataIn, arrived.exchange, 4, arrived.place.length);
    return this.#frame(this.#parameters.subarray(0, 4), arrived.place);
  }

  #fcp(unit: FcUnit, bytes: Uint8Array): string | null {
    if (unit.type !== FcType.fcp) return `type ${unit.type} on an open link`;
    const fromResponder = (unit.frameControl & FrameControl.responder) !== 0;
    const exchange = numberOf(unit.originatorExchange, unit.responderExchange);
    switch (unit.routingControl) {
      case RoutingControl.fcpCommand:
        return fromResponder ? 'FCP_CMND by a responder' : this.#command(unit, bytes);
      case RoutingControl.fcpData:
        return fromResponder ? this.#dataIn(unit, exchange, bytes) : this.#dataOut(unit, exchange, bytes);
      case RoutingControl.fcpTransferReady:
        return fromResponder ? this.#transferReady(exchange, bytes) : 'FCP_XFER_RDY by an originator';
      case RoutingControl.fcpResponse:
        return fromResponder ? this.#response(exchange, bytes) : 'FCP_RSP by an originator';
      default:
        return `R_CTL ${unit.routingControl}`;
    }
  }

  #vendor(unit: FcUnit, bytes: Uint8Array): string | null {
    const header = this.#header;
    if (unit.routingControl !== RoutingControl.unsolicitedControl || bytes.length < HEADER_LENGTH) {
      return 'a malformed vendor specific unit';
    }
    decodeHeader(bytes, header);
    const parametersEnd = HEADER_LENGTH + header.parametersLength;
    if (parametersEnd + header.payloadLength !== bytes.length) return 'a unit of another length than it says';
    if (!headerChecksumHolds(bytes, header.parametersLength)) return 'a wrong header checksum';
    if (header.generation !== this.generation) {
      return `generation ${header.generation} on a link of generation ${this.generation}`;
    }
    const parameters = bytes.subarray(HEADER_LENGTH, parametersEnd);
    if (header.type === COMMAND_CONTEXT) return this.#takeContext(header, parameters);
    const broken = brokenHeader(header);
    if (broken !== null) return broken;
    if (comeAsFcp.has(header.type)) return `${frameName(header.type)} in a vendor specific unit`;
    const ends = header.type === FrameType.response || header.type === FrameType.taskManagementResponse;
    if (ends) this.#own.end(header.exchange);
    return this.#deliver(parameters, bytes.subarray(parametersEnd));
  }

  #takeContext(header: FrameHeader, parameters: Uint8Array): string | null {
    const context = decodeCommandContext(parameters);
    if (context === null || header.flags !== 0 || header.payloadLength > 0)
      return 'a malformed command context';
    this.#context = { context, exchange: header.exchange };
    return null;
  }

  #command(unit: FcUnit, bytes: Uint8Array): string | null {
    const announced = this.#context;
    this.#context = null;
    const command = decodeFcpCommand(bytes);
    if (announced === null || command === null) return 'a malformed FCP_CMND';
    const first = (unit.frameControl & FrameControl.firstSequence) !== 0;
    if (!first || unit.responderExchange !== UNASSIGNED) return 'FCP_CMND that does not begin an exchange';
    if (unit.originatorExchange !== slotOf(announced.exchange)) return 'FCP_CMND of another exchange';
    const number = decodeFcpLun(command.lun);
    if (number < 0) return 'FCP_LUN of no unit';
    return command.taskManagement === 0
      ? this.#scsiCommand(announced, command, number)
      : this.#taskManagement(announced, command, number);
  }

  #scsiCommand({ context, exchange }: AnnouncedCommand, command: FcpCommand, unit: number): string | null {
    const { cdb, dataOutLength, dataInLength } = command;
    const { cdbLength, unsolicitedLength } = context;
    if (cdb.length !== Math.max(CDB_FIELD, (cdbLength + 3) & ~3)) return 'a CDB of another length';
    const parameters = {
      nexus: context.nexus,
      unit,
      tag: context.tag,
      taskAttribute: command.taskAttribute,
      dataOutLength,
      dataInLength,
      unsolicitedLength,
      dataInCredit: context.dataInCredit,
      readSetLength: context.readSetLength,
      cdb: cdb.subarray(0, cdbLength),
    };
    const length = encodeCommand(parameters, this.#parameters, 0);
    this.#served.begin(exchange, dataOutLength + dataInLength, false, unsolicitedLength);
    return this.#made(FrameType.command, exchange, length, NO_BYTES);
  }

  #taskManagement({ context, exchange }: AnnouncedCommand, command: FcpCommand, unit: number): string | null {
    const what = functionOf(command.taskManagement);
    const empty = context.cdbLength === 0 && command.dataOutLength + command.dataInLength === 0;
    if (what === 0 || !empty) return `task management flags ${command.taskManagement}`;
    const { nexus, tag } = context;
    const length = encodeTaskManagement({ nexus, unit, function: what, tag }, this.#parameters, 0);
    this.#served.begin(exchange, 0, true, 0);
    return this.#made(FrameType.taskManagement, exchange, length, NO_BYTES);
  }

  #dataOut(unit: FcUnit, exchange: number, bytes: Uint8Array): string | null {
    if ((unit.frameControl & FrameControl.relativeOffset) === 0) return 'FCP_DATA without relative offset';
    putU32(this.#parameters, 0, unit.parameter);
    return this.#made(FrameType.dataOut, exchange, 4, bytes);
  }

  #dataIn(unit: FcUnit, exchange: number, bytes: Uint8Array): string | null {
    if ((unit.frameControl & FrameControl.relativeOffset) === 0) return 'FCP_DATA without relative offset';
    putU32(this.#parameters, 0, unit.parameter);
    this.#setHeader(FrameType.dataIn, exchange, 4, bytes.length);
    const place = this.#place(this.#parameters.subarray(0, 4), bytes);
    if (typeof place === 'string') return place;
    this.#arrived = { exchange, offset: unit.parameter, place };
    return null;
  }

  #transferReady(exchange: number, bytes: Uint8Array): string | null {
    const ready = decodeFcpTransferReady(bytes);
    const own = this.#own.find(exchange);
    if (ready === null || own === null) return 'FCP_XFER_RDY that is malformed or of no exchange';
    putU32(this.#parameters, 0, ready.offset);
    putU32(this.#parameters, 4, ready.length);
    own.readyTo = ready.offset + ready.length;
    return this.#made(FrameType.transferReady, exchange, 8, NO_BYTES);
  }

  #response(exchange: number, bytes: Uint8Array): string | null {
    const response = decodeFcpResponse(bytes);
    const own = this.#own.find(exchange);
    if (response === null || own === null) return 'FCP_RSP that is malformed or of no exchange';
    this.#own.end(exchange);
    return own.management ? this.#managed(exchange, response) : this.#result(own, response);
  }

  #managed(exchange: number, { code }: FcpResponse): string | null {
    if (code !== ResponseCode.complete && code !== ResponseCode.rejected) return `RSP_CODE ${code}`;
    this.#parameters[0] =
      code === ResponseCode.complete ? TaskManagementAnswer.complete : TaskManagementAnswer.rejected;
    return this.#made(FrameType.taskManagementResponse, exchange, 1, NO_BYTES);
  }

  #result({ number, length }: FcExchange, response: FcpResponse): string | null {
    const presentedLength = length + response.residual;
    const sense = response.sense.length === 0 ? null : decodeSense(response.sense);
    if (response.code !== null || presentedLength < 0 || presentedLength > MAX_U32) return 'a wrong FCP_RSP';
    if (sense === null && response.sense.length > 0) return 'sense data of no known format';
    const result = { kind: ResultKind.status, status: response.status, presentedLength, sense };
    const arrived = this.#arrived;
    if (arrived?.exchange === number && sense === null) return this.#final(arrived, result);
    const broken = this.deliverData();
    if (broken !== null) return broken;
    return this.#made(FrameType.response, number, encodeResult(result, this.#parameters, 0), NO_BYTES);
  }

  /** The data and its FCP_RSP, as the one frame that they were. */
  #final({ exchange, offset, place }: ArrivedData, result: Result): string | null {
    this.#arrived = null;
    putU32(this.#parameters, 0, offset);
    const length = 4 + encodeResult(result, this.#parameters, 4);
    this.#setHeader(FrameType.dataIn, exchange, length, place.length);
    this.#header.flags = FINAL;
    return this.#frame(this.#parameters.subarray(0, length), place);
  }

  /** A frame whose parameters were made here. */
  #made(type: FrameType, exchange: number, length: number, payload: Uint8Array): string | null {
    this.#setHeader(type, exchange, length, payload.length);
    return this.#deliver(this.#parameters.subarray(0, length), payload);
  }

  #setHeader(type: FrameType, exchange: number, parametersLength: number, payloadLength: number): void {
    const header = this.#header;
    header.type = type;
    header.flags = 0;
    header.parametersLength = parametersLength;
    header.payloadLength = payloadLength;
    header.generation = this.generation;
    header.exchange = exchange;
    header.payloadChecksum = 0;
  }

  #deliver(parameters: Uint8Array, payload: Uint8Array): string | null {
    const place = payload.length === 0 ? NO_BYTES : this.#place(parameters, payload);
    return typeof place === 'string' ? place : this.#frame(parameters, place);
  }

  /** The payload where it belongs, or what is broken about the frame. */
  #place(parameters: Uint8Array, payload: Uint8Array): Uint8Array | string {
    const broken = brokenHeader(this.#header);
    if (broken !== null) return broken;
    const place = this.receiver.payloadBuffer(this.#header, parameters);
    if (typeof place === 'string') return `${frameName(this.#header.type)}: ${place}`;
    place.set(payload);
    return place;
  }

  #frame(parameters: Uint8Array, place: Uint8Array): string | null {
    const { type } = this.#header;
    const broken = this.receiver.frame(this.#header, parameters, place);
    return broken === null ? null : `${frameName(type)}: ${broken}`;
  }
}
