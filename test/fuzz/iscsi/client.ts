/** One connection of a client that sends what it is told, right or wrong, and keeps track of what comes back as far as it can. */
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
import { acknowledgementTag } from '../../../src/wire/iscsi/data-in.ts';
import { decodeLoginResponse } from '../../../src/wire/iscsi/login-response.ts';
import { Opcode, opcodeName } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t, type R2t } from '../../../src/wire/iscsi/r2t.ts';
import { RejectReason } from '../../../src/wire/iscsi/reject.ts';
import { decodeSenseSegment } from '../../../src/wire/iscsi/scsi-response.ts';
import { u32 } from '../../../src/wire/scsi/bytes.ts';
import { decodeSense } from '../../../src/wire/scsi/sense-data.ts';
import type { Place } from '../../support/relay.ts';
import type { Message } from '../message.ts';
import { SURE_MILLISECONDS } from '../waiting.ts';
import { acknowledgementPdu, type Numbers, nopPdu } from './pdus.ts';
import type { HostileSession } from './session.ts';

export interface Sums {
  /** Four bytes, or none. */
  readonly header: Uint8Array;
  readonly data: Uint8Array;
}

/** What a turn waits for before it is made. */
export type Awaited = 'nothing' | 'answer' | 'r2t';

const NO_BYTES = new Uint8Array(0);
const DIGEST_REJECT = `Reject ${RejectReason.dataDigestError.toString(16).padStart(2, '0')}`;
/** What was sent has been handled: the R2T for the rest, or a Reject, follows soon. */
const FATE_MILLISECONDS = 500;
const FIRST_PING_TAG = 0xffff_0000;
const UNIT_ATTENTION = 6;
/** RFC 7143 13.12. */
const DEFAULT_SEGMENT_LENGTH = 8192;
/** Answers that a client who may want them again has not acknowledged yet. */
const UNACKNOWLEDGED = 4;

export class HostileClient {
  readonly session: HostileSession;
  readonly #socket: Socket;
  readonly #watch: (bytes: Uint8Array) => void;
  #expStatSN = 0;
  #firstExpStatSN = 0;
  #received = Buffer.alloc(0);
  #digests = { header: false, data: false };
  #recovers = false;
  #closed = false;
  /** Of the last ping, and whether it has been answered. */
  #pingTag = FIRST_PING_TAG;
  #pinged = false;
  /** All PDUs so far were as long as their headers say. */
  #inStep = true;
  /** The longest data segment that the target takes; null before full feature phase. */
  #longest: number | null = null;
  /** What went out with a sum that was wrong, and what was too long. */
  #damaged: string | null = null;
  #tooLong: string | null = null;

  static connect(
    place: Place,
    session: HostileSession,
    watch: (bytes: Uint8Array) => void,
  ): Promise<HostileClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(place);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        socket.setNoDelay(true);
        resolve(new HostileClient(socket, session, watch));
      });
    });
  }

  private constructor(socket: Socket, session: HostileSession, watch: (bytes: Uint8Array) => void) {
    this.#socket = socket;
    this.session = session;
    this.#watch = watch;
    socket.on('data', (bytes: Buffer) => this.#arrived(bytes));
    // 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      session.closed = true;
      session.waiting.changed();
    });
  }

  /** Numbers for a new request; `uses`: it takes a CmdSN of its own. */
  numbers(uses: boolean): Numbers {
    const { session, expStatSN } = this;
    session.tag += 1;
    const numbers = { initiatorTaskTag: session.tag, cmdSN: session.cmdSN, expStatSN };
    if (uses) session.cmdSN += 1;
    return numbers;
  }

  get expStatSN(): number {
    return this.#recovers
      ? Math.max(this.#firstExpStatSN, this.#expStatSN - UNACKNOWLEDGED)
      : this.#expStatSN;
  }

  /** Until what is awaited has come, a connection has closed, or it has been quiet for long enough. */
  async ready(awaited: Awaited): Promise<void> {
    const { session } = this;
    const isAnswered = () => session.answered.has(session.tag);
    if (awaited === 'nothing') return;
    const holds = () => session.closed || isAnswered() || (awaited === 'r2t' && session.r2t !== null);
    // Who waits for the rest of a PDU answers nothing; and each login request has its answer.
    if (!this.#inStep) return session.waiting.until(holds);
    if (this.#longest === null) return session.waiting.until(holds, SURE_MILLISECONDS);
    await session.waiting.untilOrBehind(
      holds,
      () => this.#ping(),
      () => this.#pinged,
    );
  }

  #ping(): void {
    this.#pinged = false;
    this.#pingTag += 1;
    this.#nop(this.#pingTag, NO_TAG);
  }

  /** A request that is about to be sent with the tag of the last one: it has no answer yet. */
  again(): void {
    this.session.answered.delete(this.session.tag);
  }

  /** Sums that go with the PDU as it is now, where they were agreed on. */
  sums({ header, data }: Message): Sums {
    return {
      header: this.#digests.header ? digest(header) : NO_BYTES,
      data: this.#digests.data && data.length > 0 ? digest(padded(data)) : NO_BYTES,
    };
  }

  /** `thousandths`: so many of its bytes, where the connection is to end in mid-message. `sums`: others than the right ones. */
  send(message: Message, thousandths = 1000, sums: Sums | null = null): void {
    if (this.#closed) return;
    const right = this.sums(message);
    const { header, data } = sums ?? right;
    const isWrong = !same(header, right.header) || !same(data, right.data);
    if (isWrong && thousandths === 1000) this.#damaged ??= message.name;
    this.#inStep &&= isWhole(message) && thousandths === 1000;
    if (this.#inStep) this.#judged(message, !isWrong);
    const bytes = Buffer.concat([message.header, header, padded(message.data), data]);
    this.#socket.write(bytes.subarray(0, Math.floor((bytes.length * thousandths) / 1000)));
  }

  #judged({ name, header, data }: Message, intact: boolean): void {
    this.session.judge.sent(header, data, intact);
    if (intact && this.#longest !== null && data.length > this.#longest) this.#tooLong ??= name;
  }

  /**
   * Waits until all that was sent has been handled, as far as that can be seen, and closes. Gives what was overlooked: what is
   * answered behind a PDU that ends a connection, or is at least rejected, shows that nobody looked.
   */
  async end(cut: boolean): Promise<string | null> {
    const { session } = this;
    this.#pinged = false;
    if (!this.#closed && !cut) {
      this.#ping();
      // Who looks ends the connection, or answers behind its Reject.
      const mustKnow = this.#damaged !== null || this.#tooLong !== null;
      const patience = mustKnow ? SURE_MILLISECONDS : 0;
      await session.waiting.until(() => this.#pinged || this.#closed, patience);
      if (!this.#pinged && !this.#closed) session.seen.push('silent');
    }
    // A task that another has aborted says nothing of it.
    if (!cut) await session.waiting.until(() => !session.judge.isOpen || session.closed, FATE_MILLISECONDS);
    if (this.#closed) session.seen.push('closed by the target');
    this.#socket.destroy();
    if (!this.#closed) await new Promise<void>((resolve) => this.#socket.once('close', () => resolve()));
    if (!this.#pinged) return null;
    if (this.#damaged !== null && !session.seen.includes(DIGEST_REJECT)) {
      return `a wrong digest: ${this.#damaged}`;
    }
    const rejected = session.seen.some((what) => what.startsWith('Reject'));
    return this.#tooLong === null || rejected ? null : `a data segment that is too long: ${this.#tooLong}`;
  }

  #arrived(bytes: Buffer): void {
    this.#watch(bytes);
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#cut());
    this.session.waiting.changed();
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
    const { session } = this;
    const opcode = opcodeOf(header);
    if (opcode !== Opcode.dataIn && opcode !== Opcode.r2t) this.#expStatSN = u32(header, 24) + 1;
    switch (opcode) {
      case Opcode.loginResponse:
        this.#loginResponse(header, data);
        break;
      case Opcode.r2t:
        this.#r2t(decodeR2t(header));
        break;
      case Opcode.nopIn:
        return this.#nopIn(header);
      case Opcode.dataIn:
        this.#dataIn(header, data);
        break;
      case Opcode.scsiResponse:
        this.#status(header);
        if (decodeSense(decodeSenseSegment(data))?.key === UNIT_ATTENTION) {
          session.attention = initiatorTaskTag(header);
        }
        break;
      case Opcode.reject:
        // It brings the header of what it rejects.
        if (data.length >= BHS_LENGTH) session.answered.add(initiatorTaskTag(data));
        session.judge.rejected();
        session.seen.push(`Reject ${(header[2] ?? 0).toString(16).padStart(2, '0')}`);
        break;
      default:
        this.#answer(header, opcodeName(opcode));
    }
  }

  #answer(header: Uint8Array, what: string): void {
    this.session.answered.add(initiatorTaskTag(header));
    this.session.seen.push(what);
  }

  #loginResponse(header: Uint8Array, data: Uint8Array): void {
    const { session } = this;
    const { status, transit, nextStage, tsih } = decodeLoginResponse(header);
    this.#answer(header, status === 0 ? 'login goes on' : `login refused ${status.toString(16)}`);
    session.loginText(data);
    if (status !== 0 || !transit || nextStage !== 3) return;
    session.tsih = tsih;
    const keys = session.loginKeys;
    this.#digests = {
      header: keys.get('HeaderDigest') === 'CRC32C',
      data: keys.get('DataDigest') === 'CRC32C',
    };
    this.#recovers = keys.get('ErrorRecoveryLevel') === '1';
    this.#firstExpStatSN = this.#expStatSN;
    this.#longest = Number(keys.get('MaxRecvDataSegmentLength') ?? DEFAULT_SEGMENT_LENGTH);
  }

  #dataIn(header: Uint8Array, data: Uint8Array): void {
    const { session } = this;
    session.dataIn = data;
    const targetTransferTag = acknowledgementTag(header);
    if (targetTransferTag !== null) {
      const nextDataSN = u32(header, 36) + 1;
      session.askedFor = { lun: header.slice(8, 16), targetTransferTag, nextDataSN };
      this.send(acknowledgementPdu(session.askedFor, this.expStatSN));
    }
    // The status may come with it.
    if (((header[1] ?? 0) & 0x01) !== 0) this.#status(header);
  }

  #status(header: Uint8Array): void {
    const [response, status] = [header[2] ?? 0, header[3] ?? 0];
    if (response === 0 && status === 0) this.session.judge.good(initiatorTaskTag(header));
    this.#answer(header, `status ${status.toString(16).padStart(2, '0')}`);
  }

  #r2t(r2t: R2t): void {
    const { session } = this;
    session.judge.asked(r2t.initiatorTaskTag, r2t);
    if (r2t.initiatorTaskTag === session.tag) session.r2t = r2t;
  }

  /** The target's own ping is answered at once: it lets the writes of this session run. */
  #nopIn(header: Uint8Array): void {
    const targetTransferTag = u32(header, 20);
    if (initiatorTaskTag(header) === this.#pingTag) this.#pinged = true;
    else if (targetTransferTag === NO_TAG) this.#answer(header, 'nopIn');
    else this.#nop(NO_TAG, targetTransferTag);
  }

  #nop(tag: number, targetTransferTag: number): void {
    const { expStatSN } = this;
    const numbers = { initiatorTaskTag: tag, cmdSN: this.session.cmdSN, expStatSN };
    this.send(nopPdu(NO_BYTES, numbers, targetTransferTag));
  }
}

/** The target finds its end where we do. */
function isWhole({ header, data }: Message): boolean {
  return header.length === BHS_LENGTH + totalAhsLength(header) && dataSegmentLength(header) === data.length;
}

function digest(bytes: Uint8Array): Uint8Array {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32c(bytes));
  return sum;
}

function padded(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + paddingOf(data.length));
  bytes.set(data);
  return bytes;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
