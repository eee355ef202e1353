/** What a client waits for after a request: one SCSI command, or one answer of any other kind. */
import { BHS_LENGTH, NO_TAG } from '../src/wire/iscsi/bhs.ts';
import { decodeDataIn } from '../src/wire/iscsi/data-in.ts';
import { encodeDataOut } from '../src/wire/iscsi/data-out.ts';
import { Opcode } from '../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../src/wire/iscsi/r2t.ts';
import { decodeScsiResponse, decodeSenseSegment, OVERFLOW } from '../src/wire/iscsi/scsi-response.ts';
import type { Sense } from '../src/wire/scsi/sense.ts';
import { decodeSense } from '../src/wire/scsi/sense-data.ts';
import type { Pdu, PduConnection } from './pdu-connection.ts';

export interface ScsiResult {
  /** wire/scsi/status.ts */
  readonly status: number;
  readonly sense: Sense | null;
  /** The same as it came: empty where there is none. */
  readonly senseData: Uint8Array;
  readonly dataIn: Uint8Array;
  /** Positive: overflow, negative: underflow, in bytes. */
  readonly residual: number;
}

/** `received` gives true when the exchange is over. */
export interface Exchange {
  received(pdu: Pdu): boolean;
  failed(error: Error): void;
}

const NO_BYTES = new Uint8Array(0);

export interface CommandShape {
  readonly tag: number;
  readonly lun: Uint8Array;
  readonly dataOut: Uint8Array;
  readonly dataInLength: number;
  /** The target's MaxRecvDataSegmentLength. */
  readonly maxSegmentLength: number;
}

export class CommandExchange implements Exchange {
  readonly #connection: PduConnection;
  readonly #shape: CommandShape;
  readonly #dataIn: Uint8Array;
  readonly #settle = settler<ScsiResult>();
  #end = 0;

  constructor(connection: PduConnection, shape: CommandShape) {
    this.#connection = connection;
    this.#shape = shape;
    this.#dataIn = new Uint8Array(shape.dataInLength);
  }

  get result(): Promise<ScsiResult> {
    return this.#settle.promise;
  }

  failed(error: Error): void {
    this.#settle.reject(error);
  }

  /** Sends [from, to) of the data-out in PDUs that the target can take. */
  sendData(transferTag: number, from: number, to: number): void {
    const { dataOut, maxSegmentLength, tag, lun } = this.#shape;
    let dataSN = 0;
    for (let at = from; at < to; dataSN += 1) {
      const data = dataOut.subarray(at, Math.min(at + maxSegmentLength, to));
      const header = new Uint8Array(BHS_LENGTH);
      const fields = { lun, initiatorTaskTag: tag, targetTransferTag: transferTag, expStatSN: 0, dataSN };
      const final = at + data.length === to;
      encodeDataOut({ ...fields, final, dataSegmentLength: data.length, bufferOffset: at }, header);
      this.#connection.send(header, data);
      at += data.length;
    }
  }

  /** As much unsolicited data as the first burst has room for, behind `immediate` bytes. */
  sendUnsolicited(immediate: number, firstBurst: number): void {
    this.sendData(NO_TAG, immediate, Math.min(this.#shape.dataOut.length, firstBurst));
  }

  received(pdu: Pdu): boolean {
    switch (pdu.opcode) {
      case Opcode.r2t: {
        const { targetTransferTag, bufferOffset, desiredDataTransferLength } = decodeR2t(pdu.header);
        this.sendData(targetTransferTag, bufferOffset, bufferOffset + desiredDataTransferLength);
        return false;
      }
      case Opcode.dataIn:
        return this.#receivedData(pdu);
      case Opcode.scsiResponse: {
        const response = decodeScsiResponse(pdu.header);
        this.#finish(response, decodeSenseSegment(pdu.data));
        return true;
      }
      default:
        return false;
    }
  }

  #receivedData(pdu: Pdu): boolean {
    const header = decodeDataIn(pdu.header);
    if (header.bufferOffset !== this.#end) this.failed(new Error('Data-In out of order'));
    this.#dataIn.set(pdu.data, header.bufferOffset);
    this.#end = header.bufferOffset + pdu.data.length;
    if (header.withStatus) this.#finish(header, NO_BYTES);
    return header.withStatus;
  }

  #finish(
    answer: { readonly status: number; readonly residualFlags: number; readonly residualCount: number },
    sense: Uint8Array,
  ): void {
    const residual = answer.residualFlags === OVERFLOW ? answer.residualCount : -answer.residualCount;
    this.#settle.resolve({
      status: answer.status,
      sense: decodeSense(sense),
      senseData: sense,
      dataIn: this.#dataIn.subarray(0, this.#end),
      residual: residual === 0 ? 0 : residual,
    });
  }
}

/** Waits for one PDU of the given kind. */
export class AnswerExchange implements Exchange {
  readonly #opcode: number;
  readonly #settle = settler<Pdu>();

  constructor(opcode: number) {
    this.#opcode = opcode;
  }

  get result(): Promise<Pdu> {
    return this.#settle.promise;
  }

  failed(error: Error): void {
    this.#settle.reject(error);
  }

  received(pdu: Pdu): boolean {
    if (pdu.opcode !== this.#opcode) return false;
    this.#settle.resolve(pdu);
    return true;
  }
}

interface Settler<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** Whoever asked may never look: a failure that nobody waits for is no fault of the process. */
function settler<T>(): Settler<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
