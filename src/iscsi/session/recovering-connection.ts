/**
 * A connection of a session of ErrorRecoveryLevel 1 or 2 (RFC 7143 7.1.4.2, 7.7, 7.8, 11.16): what its initiator may want again is kept
 * until it is acknowledged, and a PDU whose data is wrong is not the end.
 */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { IscsiLimits } from '../../limits.ts';
import { countersOf, initiatorTaskTag, NO_TAG, opcodeOf } from '../../wire/iscsi/bhs.ts';
import { Opcode } from '../../wire/iscsi/opcode.ts';
import { RejectReason } from '../../wire/iscsi/reject.ts';
import { putResponseTags } from '../../wire/iscsi/scsi-response.ts';
import { decodeSnackRequest, type SnackRequest, SnackType } from '../../wire/iscsi/snack-request.ts';
import { putU32, u32 } from '../../wire/scsi/bytes.ts';
import { KeptRead } from '../transfer/kept-read.ts';
import type { ScsiTask } from '../transfer/scsi-task.ts';
import { type KeptAnswer, KeptAnswers } from './kept-answers.ts';
import { SessionConnection } from './session-connection.ts';

/** In all requests. */
const EXP_STAT_SN = 28;
const EXP_CMD_SN = 28;
const MAX_CMD_SN = 32;

const MOST_UNSENT = IscsiLimits.dataInPerSession + IscsiLimits.unsentAnswers;

export class RecoveringConnection extends SessionConnection {
  /** A status that goes with data could not be had again without it. */
  override readonly collapsesStatus = false;
  protected readonly answers = new KeptAnswers();
  /** By task tag. */
  protected readonly reads = new Map<number, KeptRead>();
  protected readonly kept = { bytes: 0 };
  #transferTag = 0;
  #forgotten = false;
  /** The data of a command, which does not begin before it is known to be right. */
  #immediate: Lease | null = null;

  override get receiving(): boolean {
    return this.#immediate !== null || super.receiving;
  }

  override beginPdu(header: Uint8Array, length: number): Uint8Array | null {
    this.#acknowledged(u32(header, EXP_STAT_SN));
    const waits = opcodeOf(header) === Opcode.scsiCommand && length > 0 && this.parameters.dataDigest;
    if (!waits) return super.beginPdu(header, length);
    this.#immediate = this.host.pool.take(length);
    return this.#immediate.bytes;
  }

  override endPdu(header: Uint8Array): void {
    if (opcodeOf(header) === Opcode.snackRequest) return this.#snack(decodeSnackRequest(header), header);
    const immediate = this.#immediate;
    this.#immediate = null;
    if (immediate !== null) {
      super.beginPdu(header, immediate.bytes.length)?.set(immediate.bytes);
      immediate.release();
    }
    if (!this.connection.closing) super.endPdu(header);
  }

  /** 7.7: the PDU is discarded. Data is asked for again by R2T; a command, or another request, is sent again unasked. */
  override badData(header: Uint8Array, what: 'length' | 'digest'): void {
    if (what === 'length') return super.badData(header, what);
    this.reject(RejectReason.dataDigestError, header);
    if (opcodeOf(header) === Opcode.dataOut) this.host.tasks?.wrongDataOut(this, header);
    else this.letGo();
  }

  override letGo(): void {
    this.#immediate?.release();
    this.#immediate = null;
    super.letGo();
  }

  override forget(): void {
    this.#forgotten = true;
    for (const read of this.reads.values()) read.release();
    this.reads.clear();
  }

  get isForgotten(): boolean {
    return this.#forgotten;
  }

  override sendAnswer(segment: Uint8Array | null): void {
    const { header } = this.connection;
    if (opcodeOf(header) === Opcode.scsiResponse) this.#tagResponse(header);
    this.answers.keep(header, segment);
    super.sendAnswer(segment);
    if (this.answers.tooMany) this.connection.drop('the client acknowledges no answers');
  }

  #tagResponse(header: Uint8Array): void {
    const read = this.unanswered(initiatorTaskTag(header));
    if (read === null) return;
    read.statSN = countersOf(header).statSN;
    putResponseTags(header, read.snackTag, read.nextDataSN);
  }

  /** What is kept of the command that has this tag now. The answer to one that had it before has come, or it would be in use. */
  protected unanswered(tag: number): KeptRead | null {
    const read = this.reads.get(tag) ?? null;
    if (read === null || read.statSN === null) return read;
    this.dataAbandoned(tag);
    return null;
  }

  #acknowledged(expStatSN: number): void {
    for (const { opcode, header, statSN } of this.answers.acknowledge(expStatSN)) {
      if (opcode !== Opcode.scsiResponse) continue;
      const tag = initiatorTaskTag(header);
      if (this.reads.get(tag)?.statSN === statSN) this.dataAbandoned(tag);
    }
  }

  override sendDataIn(
    task: ScsiTask,
    _dataSN: number,
    offset: number,
    data: Lease,
    _result: null,
    last: boolean,
  ): number {
    if (this.#forgotten) {
      data.release();
      return 0;
    }
    const count = this.#read(task).send(offset, data, last);
    this.dropWhereTooMuch();
    return count;
  }

  protected dropWhereTooMuch(): void {
    if (this.kept.bytes > IscsiLimits.keptDataBytes) this.connection.drop('the client acknowledges no data');
  }

  #read(task: ScsiTask): KeptRead {
    const known = this.unanswered(task.tag);
    if (known !== null) return known;
    const read = new KeptRead(this, this.kept, task.tag, task.lunBytes, this.nextTransferTag());
    this.reads.set(task.tag, read);
    return read;
  }

  protected nextTransferTag(): number {
    this.#transferTag += 1;
    return this.#transferTag;
  }

  override afterDataIn(tag: number, mark: Lease): void {
    const read = this.reads.get(tag);
    if (read === undefined) mark.release();
    else read.mark(mark);
  }

  override dataAbandoned(tag: number): void {
    this.reads.get(tag)?.release();
    this.reads.delete(tag);
  }

  #snack(pdu: SnackRequest, header: Uint8Array): void {
    // Who has not taken what was sent does not know yet what it lacks.
    if (this.connection.unsentBytes > MOST_UNSENT) return this.reject(RejectReason.snackReject, header);
    switch (pdu.type) {
      case SnackType.dataOrR2t:
        if (this.#sendAgain(pdu)) return;
        break;
      case SnackType.status:
        if (this.#answerAgain(pdu)) return;
        break;
      case SnackType.dataAck:
        if (this.#dataAck(pdu)) return;
        return this.reject(RejectReason.invalidDataAck, header);
      case SnackType.rData:
        if (this.#sendResegmented(pdu)) return;
    }
    this.reject(RejectReason.protocolError, header);
  }

  #sendAgain({ initiatorTaskTag: tag, begRun, runLength }: SnackRequest): boolean {
    const task = this.#own(tag);
    const read = task === null ? this.reads.get(tag) : this.unanswered(tag);
    if (read) return read.sendAgain(begRun, runLength);
    if (task === null) return false;
    const count = task.receiver.askAgain(
      begRun,
      runLength === 0 ? Number.POSITIVE_INFINITY : begRun + runLength,
    );
    // All that is outstanding may be nothing.
    return count > 0 || (begRun === 0 && runLength === 0);
  }

  #answerAgain({ begRun, runLength }: SnackRequest): boolean {
    const answers = this.answers.run(begRun, runLength, this.statSN);
    for (const answer of answers ?? []) this.#transmit(answer);
    return answers !== null;
  }

  #transmit({ header, segment }: KeptAnswer): void {
    putU32(header, EXP_CMD_SN, this.numbering.expCmdSN);
    putU32(header, MAX_CMD_SN, this.numbering.maxCmdSN);
    this.connection.header.set(header);
    this.connection.send(segment, null);
  }

  /** One that comes behind the acknowledgement of its status has nothing left to say. */
  #dataAck({ targetTransferTag, begRun, runLength }: SnackRequest): boolean {
    if (runLength !== 0 || targetTransferTag === 0 || targetTransferTag > this.#transferTag) return false;
    for (const read of this.reads.values()) {
      if (read.transferTag === targetTransferTag) return read.acknowledge(begRun);
    }
    return true;
  }

  #sendResegmented({ initiatorTaskTag: tag, targetTransferTag, begRun, runLength }: SnackRequest): boolean {
    if (begRun !== 0 || runLength !== 0 || targetTransferTag === 0 || targetTransferTag === NO_TAG)
      return false;
    const task = this.#own(tag);
    const read = task === null ? this.reads.get(tag) : this.#read(task);
    if (read === undefined) return false;
    read.snackTag = targetTransferTag;
    read.sendResegmented();
    if (task !== null) task.dataPdus = read.nextDataSN;
    const answer = read.statSN === null ? null : this.answers.get(read.statSN);
    if (answer === null) return true;
    putResponseTags(answer.header, read.snackTag, read.nextDataSN);
    this.#transmit(answer);
    return true;
  }

  #own(tag: number): ScsiTask | null {
    const task = this.host.tasks?.get(tag) ?? null;
    return task?.path === this ? task : null;
  }
}
