/** The target's own pings (RFC 7143 11.19): NOP-In with a target transfer tag, which the initiator answers by NOP-Out. */
import type { Ping } from '../../scsi/presence.ts';
import { NO_TAG } from '../../wire/iscsi/bhs.ts';
import { encodeNopIn } from '../../wire/iscsi/nop-in.ts';
import { next } from '../../wire/iscsi/serial-number.ts';
import type { AnswerPath } from '../transfer/answers.ts';

/** Any LUN will do: the initiator gives it back as it is (11.18.3). */
const LUN_0 = new Uint8Array(8);

export class Pings {
  readonly #path: AnswerPath;
  /** By target transfer tag. */
  readonly #unanswered = new Map<number, () => void>();
  #tag = 0;

  /** `path`: the connection that they go down. */
  constructor(path: AnswerPath) {
    this.#path = path;
  }

  readonly send: Ping = (answered) => {
    this.#tag = next(this.#tag);
    if (this.#tag === NO_TAG) this.#tag = 0;
    this.#unanswered.set(this.#tag, answered);
    // StatSN is the next answer's: a ping does not count (11.19.2).
    const { statSN, connection, numbering } = this.#path;
    const { expCmdSN, maxCmdSN } = numbering;
    const tags = { initiatorTaskTag: NO_TAG, targetTransferTag: this.#tag };
    const ping = { dataSegmentLength: 0, lun: LUN_0, ...tags, statSN, expCmdSN, maxCmdSN };
    encodeNopIn(ping, connection.header);
    connection.send(null, null);
  };

  /** A NOP-Out that is not a request: of a tag that waits for none, it says nothing. */
  answer(targetTransferTag: number): void {
    const answered = this.#unanswered.get(targetTransferTag);
    this.#unanswered.delete(targetTransferTag);
    answered?.();
  }

  /** The connection is gone. */
  takeUnanswered(): (() => void)[] {
    const unanswered = [...this.#unanswered.values()];
    this.#unanswered.clear();
    return unanswered;
  }
}
