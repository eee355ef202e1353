/** A command that a client has sent and not seen the end of. */
import type { DataIn } from '../../src/wire/iscsi/data-in.ts';
import type { Sense } from '../../src/wire/scsi/sense.ts';
import { newBytes } from '../world/bytes.ts';
import { Violation } from '../world/world.ts';

/** How a command came to its end: with a status, or without an answer. */
export type Outcome =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly sense: Sense | null;
      readonly dataIn: Uint8Array;
    }
  /** The target has said that it runs no more (ABORT TASK, LOGICAL UNIT RESET). */
  | { readonly kind: 'aborted' }
  /** The session has ended. */
  | { readonly kind: 'lost' };

export interface CommandRequest {
  readonly lun: number;
  readonly cdb: Uint8Array;
  readonly dataOut: Uint8Array;
  readonly dataInLength: number;
  /** The target asks for data, which are sent now. */
  readonly sendsData?: () => void;
  readonly ended: (outcome: Outcome) => void;
}

export class SentCommand {
  readonly tag: number;
  readonly cmdSN: number;
  /** Simulated ms. */
  readonly sent: number;
  readonly request: CommandRequest;
  readonly #dataIn: Uint8Array;
  #received = 0;
  #dataSN = 0;

  constructor(tag: number, cmdSN: number, sent: number, request: CommandRequest) {
    this.tag = tag;
    this.cmdSN = cmdSN;
    this.sent = sent;
    this.request = request;
    this.#dataIn = newBytes(request.dataInLength);
  }

  /** An R2T counts in the same row as Data-In (RFC 7143 11.8.3). */
  countDataSN(dataSN: number): void {
    if (dataSN !== this.#dataSN)
      throw new Violation('protocol', `DataSN ${dataSN} where ${this.#dataSN} was due`);
    this.#dataSN += 1;
  }

  /** An R2T has come. */
  asked(r2tSN: number): void {
    this.countDataSN(r2tSN);
    this.request.sendsData?.();
  }

  takeData(pdu: DataIn, data: Uint8Array): void {
    this.countDataSN(pdu.dataSN);
    if (pdu.bufferOffset !== this.#received || this.#received + data.length > this.#dataIn.length) {
      throw new Violation('protocol', `Data-In at ${pdu.bufferOffset} where ${this.#received} was due`);
    }
    this.#dataIn.set(data, this.#received);
    this.#received += data.length;
  }

  end(status: number, sense: Sense | null): void {
    const dataIn = this.#dataIn.subarray(0, this.#received);
    this.request.ended({ kind: 'status', status, sense, dataIn });
  }
}
