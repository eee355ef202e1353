/**
 * A connection of a session of ErrorRecoveryLevel 2 (RFC 7143 7.2.2): when it is lost, it keeps what its commands still send, and what of
 * that was not acknowledged, for another connection to take up.
 */
import { cmdSNOf, initiatorTaskTag, isImmediate, opcodeOf, putCounters } from '../../wire/iscsi/bhs.ts';
import { Opcode } from '../../wire/iscsi/opcode.ts';
import type { KeptRead } from '../transfer/kept-read.ts';
import type { ScsiTask } from '../transfer/scsi-task.ts';
import type { KeptAnswer } from './kept-answers.ts';
import { RecoveringConnection } from './recovering-connection.ts';

/** What another connection takes up. */
interface TakenUp {
  readonly read: KeptRead | null;
  /** Of a command that has been answered. */
  readonly answer: KeptAnswer | null;
}

export class ReassigningConnection extends RecoveringConnection {
  /** Its commands are for others to take up when it is gone. */
  keepsCommands = true;
  /** Removed for recovery, by a logout or a login in its place: before that its commands are still allegiant (7.2.2). */
  loggedOut = false;
  override isLost = false;

  /** Bytes of read data. */
  get keptBytes(): number {
    return this.kept.bytes;
  }

  override beginPdu(header: Uint8Array, length: number): Uint8Array | null {
    if (opcodeOf(header) === Opcode.scsiCommand) this.#forgetAnswered(header);
    return super.beginPdu(header, length);
  }

  /** Who uses a tag again has the answer to the command that had it. A retry (7.2.1) is no other command. */
  #forgetAnswered(header: Uint8Array): void {
    if (isImmediate(header) || !this.numbering.isKnown(cmdSNOf(header))) {
      this.host.lost?.reused(initiatorTaskTag(header));
    }
  }

  /** Whether it has answered a command with this tag, and the answer was not acknowledged. */
  hasAnswered(tag: number): boolean {
    return this.answers.hasResponse(tag);
  }

  /** A new command has this tag: its initiator has the answer to the one before. */
  tagReused(tag: number): void {
    if (!this.isLost) this.answers.tagReused(tag);
    else if (this.answers.takeResponse(tag) !== null) this.dataAbandoned(tag);
  }

  /** Goes on with a command of a lost connection. `task`: null where it has been answered. `expDataSN`: 11.5.6. */
  takeUp(lost: ReassigningConnection, tag: number, task: ScsiTask | null, expDataSN: number): void {
    const { read, answer } = lost.#handOver(tag, task);
    // Of a command that had the tag before.
    this.dataAbandoned(tag);
    if (read !== null) this.reads.set(tag, read);
    const owed = read?.moveTo(this, this.kept, this.nextTransferTag(), expDataSN) ?? [];
    if (task !== null) {
      // R2Ts are numbered from where the initiator says that it expects them.
      task.dataPdus = read?.nextDataSN ?? Math.min(expDataSN, task.dataPdus);
      task.takenUp(this);
    }
    for (const lease of owed) this.connection.afterSending(lease);
    if (answer !== null) this.#answer(answer);
    this.dropWhereTooMuch();
  }

  #handOver(tag: number, task: ScsiTask | null): TakenUp {
    const answer = task === null ? this.answers.takeResponse(tag) : null;
    const read = task === null ? (this.reads.get(tag) ?? null) : this.unanswered(tag);
    this.reads.delete(tag);
    return { read, answer };
  }

  /** What was an answer of another connection is one of this one. */
  #answer({ header, segment }: KeptAnswer): void {
    const { expCmdSN, maxCmdSN } = this.numbering;
    putCounters(header, { statSN: this.nextStatSN(), expCmdSN, maxCmdSN });
    this.connection.header.set(header);
    this.sendAnswer(segment);
  }
}
