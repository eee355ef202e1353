/** Whole iSCSI PDUs over a TCP connection, with promises: for clients and tests, not for speed. */
import { connect, type Socket } from 'node:net';
import { crc32c } from '../src/wire/crc32c.ts';
import { BHS_LENGTH, dataSegmentLength, opcodeOf, paddingOf, totalAhsLength } from '../src/wire/iscsi/bhs.ts';

export interface Pdu {
  readonly opcode: number;
  /** With its additional header segments. */
  readonly header: Uint8Array;
  readonly data: Uint8Array;
}

export interface Digests {
  readonly header: boolean;
  readonly data: boolean;
}

const NO_BYTES = new Uint8Array(0);

export class PduConnection {
  digests: Digests = { header: false, data: false };
  /** Is shown whatever comes first; true: it has dealt with it, and nobody receives it. */
  intercept: (pdu: Pdu) => boolean = () => false;
  /** Resolves when the connection has closed, by whichever end. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  readonly #pdus: Pdu[] = [];
  readonly #readers: ((pdu: Pdu | null) => void)[] = [];
  #isClosed = false;

  static connect(host: string, port: number): Promise<PduConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new PduConnection(socket));
      });
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#arrived(chunk));
    // 'close' follows, and is what matters here.
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true;
        for (const reader of this.#readers.splice(0)) reader(null);
        resolve();
      });
    });
  }

  /** The header says how long the data is: they may disagree, where a test wants that. */
  send(header: Uint8Array, data: Uint8Array = NO_BYTES): void {
    const parts = [header];
    if (this.digests.header) parts.push(digest(header));
    if (data.length > 0) {
      const padded = new Uint8Array(data.length + paddingOf(data.length));
      padded.set(data);
      parts.push(padded);
      if (this.digests.data) parts.push(digest(padded));
    }
    this.#socket.write(Buffer.concat(parts));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next PDU, or null when the connection has closed. */
  receive(): Promise<Pdu | null> {
    const pdu = this.#pdus.shift();
    if (pdu !== undefined || this.#isClosed) return Promise.resolve(pdu ?? null);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  /** Stops and restarts reading: a client that does not take what it is sent. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #arrived(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (let pdu = this.#cut(); pdu !== null; pdu = this.#cut()) {
      if (this.intercept(pdu)) continue;
      const reader = this.#readers.shift();
      if (reader === undefined) this.#pdus.push(pdu);
      else reader(pdu);
    }
  }

  /** A whole PDU from the front of what was received. */
  #cut(): Pdu | null {
    const bytes = this.#received;
    if (bytes.length < BHS_LENGTH) return null;
    const headerEnd = BHS_LENGTH + totalAhsLength(bytes);
    const dataFrom = headerEnd + (this.digests.header ? 4 : 0);
    const length = dataSegmentLength(bytes);
    const end = dataFrom + length + paddingOf(length) + (this.digests.data && length > 0 ? 4 : 0);
    if (bytes.length < end) return null;
    this.#received = bytes.subarray(end);
    const header = new Uint8Array(bytes.subarray(0, headerEnd));
    this.#checkDigests(bytes, headerEnd, dataFrom, end, length > 0);
    return {
      opcode: opcodeOf(header),
      header,
      data: new Uint8Array(bytes.subarray(dataFrom, dataFrom + length)),
    };
  }

  #checkDigests(bytes: Buffer, headerEnd: number, dataFrom: number, end: number, hasData: boolean): void {
    const headerIsRight =
      !this.digests.header || bytes.readUInt32LE(headerEnd) === crc32c(bytes.subarray(0, headerEnd));
    const dataIsRight =
      !this.digests.data ||
      !hasData ||
      bytes.readUInt32LE(end - 4) === crc32c(bytes.subarray(dataFrom, end - 4));
    if (!headerIsRight || !dataIsRight) this.#socket.destroy();
  }
}

function digest(bytes: Uint8Array): Uint8Array {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32c(bytes));
  return sum;
}
