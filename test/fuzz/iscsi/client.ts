/** A client that sends what it is told, right or wrong, and keeps track of what comes back as far as it can. */
import { connect, type Socket } from 'node:net';
import { crc32c } from '../../../src/wire/crc32c.ts';
import {
  BHS_LENGTH,
  dataSegmentLength,
  initiatorTaskTag,
  NO_TAG,
  opcodeOf,
  paddingOf,
  totalAhsLength,
} from '../../../src/wire/iscsi/bhs.ts';
import { decodeLoginResponse } from '../../../src/wire/iscsi/login-response.ts';
import { Opcode, opcodeName } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t, type R2t } from '../../../src/wire/iscsi/r2t.ts';
import { decodePairs } from '../../../src/wire/iscsi/text.ts';
import { u32 } from '../../../src/wire/scsi/bytes.ts';
import type { Place } from '../../support/relay.ts';
import type { Message } from '../message.ts';
import { type Numbers, nopPdu } from './pdus.ts';

/** What a turn waits for before it is made. */
export type Awaited = 'nothing' | 'answer' | 'r2t';

/** After so long nothing more is expected: the target may rightly have ignored what it got. */
const QUIET_MILLISECONDS = 250;
const LAST_PING_TAG = 0xfffffff0;

export class HostileClient {
  cmdSN = 1;
  /** Of the last request that has one. */
  tag = 0;
  /** That came for it. */
  r2t: R2t | null = null;
  /** What came, by kind. */
  readonly seen: string[] = [];
  readonly #socket: Socket;
  readonly #watch: (bytes: Uint8Array) => void;
  #expStatSN = 0;
  #received = Buffer.alloc(0);
  #text = '';
  #digests = { header: false, data: false };
  readonly #answered = new Set<number>([0]);
  #closed = false;
  #pinged = false;
  #changed: () => void = () => {};

  static connect(place: Place, watch: (bytes: Uint8Array) => void): Promise<HostileClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(place);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.setNoDelay(true);
        resolve(new HostileClient(socket, watch));
      });
    });
  }

  private constructor(socket: Socket, watch: (bytes: Uint8Array) => void) {
    this.#socket = socket;
    this.#watch = watch;
    socket.on('data', (bytes: Buffer) => this.#arrived(bytes));
    // 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#changed();
    });
  }

  /** Numbers for a new request; `uses`: it takes a CmdSN of its own. */
  numbers(uses: boolean): Numbers {
    this.tag += 1;
    const numbers = { initiatorTaskTag: this.tag, cmdSN: this.cmdSN, expStatSN: this.#expStatSN };
    if (uses) this.cmdSN += 1;
    return numbers;
  }

  get expStatSN(): number {
    return this.#expStatSN;
  }

  /** Until what is awaited has come, the connection has closed, or it has been quiet for long enough. */
  async ready(awaited: Awaited): Promise<void> {
    if (awaited === 'answer') await this.#until(() => this.#answered.has(this.tag));
    if (awaited === 'r2t') await this.#until(() => this.r2t !== null || this.#answered.has(this.tag));
  }

  /** A request that is about to be sent with the tag of the last one: it has no answer yet. */
  again(): void {
    this.#answered.delete(this.tag);
  }

  /** `thousandths`: so many of its bytes, where the connection is to end in mid-message. */
  send(message: Message, thousandths = 1000): void {
    if (this.#closed) return;
    const bytes = this.#encode(message);
    this.#socket.write(bytes.subarray(0, Math.floor((bytes.length * thousandths) / 1000)));
  }

  /** Waits until all that was sent has been handled, as far as that can be seen, and closes. */
  async end(cut: boolean): Promise<void> {
    if (!this.#closed && !cut) {
      const numbers = { initiatorTaskTag: LAST_PING_TAG, cmdSN: this.cmdSN, expStatSN: this.#expStatSN };
      this.send(nopPdu(new Uint8Array(0), numbers));
      await this.#until(() => this.#pinged);
      if (!this.#pinged && !this.#closed) this.seen.push('silent');
    }
    if (this.#closed) this.seen.push('closed by the target');
    this.#socket.destroy();
    if (!this.#closed) await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
  }

  #encode({ header, data }: Message): Buffer {
    const parts: Uint8Array[] = [header];
    if (this.#digests.header) parts.push(digest(header));
    if (data.length > 0) {
      const padded = new Uint8Array(data.length + paddingOf(data.length));
      padded.set(data);
      parts.push(padded);
      if (this.#digests.data) parts.push(digest(padded));
    }
    return Buffer.concat(parts);
  }

  async #until(holds: () => boolean): Promise<void> {
    const deadline = performance.now() + QUIET_MILLISECONDS;
    for (;;) {
      const left = deadline - performance.now();
      if (holds() || this.#closed || left <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  #arrived(bytes: Buffer): void {
    this.#watch(bytes);
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#cut());
    this.#changed();
  }

  /** Takes a whole PDU from the front of what was received. */
  #cut(): boolean {
    const bytes = this.#received;
    if (bytes.length < BHS_LENGTH) return false;
    const from = BHS_LENGTH + totalAhsLength(bytes) + (this.#digests.header ? 4 : 0);
    const length = dataSegmentLength(bytes);
    const end = from + length + paddingOf(length) + (this.#digests.data && length > 0 ? 4 : 0);
    if (bytes.length < end) return false;
    this.#received = bytes.subarray(end);
    this.#pdu(new Uint8Array(bytes.subarray(0, BHS_LENGTH)), bytes.subarray(from, from + length));
    return true;
  }

  #pdu(header: Uint8Array, data: Uint8Array): void {
    const opcode = opcodeOf(header);
    if (opcode !== Opcode.dataIn && opcode !== Opcode.r2t) this.#expStatSN = u32(header, 24) + 1;
    switch (opcode) {
      case Opcode.loginResponse:
        this.#loginResponse(header, data);
        break;
      case Opcode.r2t:
        if (initiatorTaskTag(header) === this.tag) this.r2t = decodeR2t(header);
        break;
      case Opcode.nopIn:
        return this.#nopIn(header);
      case Opcode.dataIn:
        // The status may come with it.
        if (((header[1] ?? 0) & 0x01) !== 0) this.#answer(header, statusText(header));
        break;
      case Opcode.scsiResponse:
        this.#answer(header, statusText(header));
        break;
      case Opcode.reject:
        // It brings the header of what it rejects.
        if (data.length >= BHS_LENGTH) this.#answered.add(initiatorTaskTag(data));
        this.seen.push(`Reject ${(header[2] ?? 0).toString(16).padStart(2, '0')}`);
        break;
      default:
        this.#answer(header, opcodeName(opcode));
    }
  }

  #answer(header: Uint8Array, what: string): void {
    this.#answered.add(initiatorTaskTag(header));
    this.seen.push(what);
  }

  #loginResponse(header: Uint8Array, data: Uint8Array): void {
    const { status, transit, nextStage } = decodeLoginResponse(header);
    this.#answer(header, status === 0 ? 'login goes on' : `login refused ${status.toString(16)}`);
    this.#text += Buffer.from(data).toString('latin1');
    if (status !== 0 || !transit || nextStage !== 3) return;
    const keys = new Map(decodePairs(Buffer.from(this.#text, 'latin1')));
    this.#digests = {
      header: keys.get('HeaderDigest') === 'CRC32C',
      data: keys.get('DataDigest') === 'CRC32C',
    };
  }

  /** The target's own ping is answered at once: it lets the writes of this session run. */
  #nopIn(header: Uint8Array): void {
    const targetTransferTag = u32(header, 20);
    if (initiatorTaskTag(header) === LAST_PING_TAG) this.#pinged = true;
    else if (targetTransferTag === NO_TAG) this.#answer(header, 'nopIn');
    else {
      const numbers = { initiatorTaskTag: NO_TAG, cmdSN: this.cmdSN, expStatSN: this.#expStatSN };
      this.send(nopPdu(new Uint8Array(0), numbers, targetTransferTag));
    }
  }
}

function statusText(header: Uint8Array): string {
  return `status ${(header[3] ?? 0).toString(16).padStart(2, '0')}`;
}

function digest(bytes: Uint8Array): Uint8Array {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32c(bytes));
  return sum;
}
