/**
 * The numbered answers of a connection that its initiator has not acknowledged by ExpStatSN, for it to have again (RFC 7143 11.16,
 * Status SNACK).
 */
import { IscsiLimits } from '../../limits.ts';
import { initiatorTaskTag, opcodeOf } from '../../wire/iscsi/bhs.ts';
import { Opcode } from '../../wire/iscsi/opcode.ts';
import { ahead, isBefore, plus } from '../../wire/iscsi/serial-number.ts';
import { u32 } from '../../wire/scsi/bytes.ts';

export interface KeptAnswer {
  readonly statSN: number;
  readonly opcode: number;
  /** As it was sent, but for ExpCmdSN and MaxCmdSN. */
  readonly header: Uint8Array;
  readonly segment: Uint8Array | null;
}

const STAT_SN = 24;

export class KeptAnswers {
  /** In order of StatSN, without gaps. */
  readonly #answers: KeptAnswer[] = [];
  /** Those to SCSI commands, by the tag: of each the command that had it last. */
  readonly #responses = new Map<number, KeptAnswer>();
  #bytes = 0;

  get tooMany(): boolean {
    return this.#answers.length > IscsiLimits.keptAnswers || this.#bytes > IscsiLimits.keptAnswerBytes;
  }

  keep(header: Uint8Array, segment: Uint8Array | null): KeptAnswer {
    const answer = {
      statSN: u32(header, STAT_SN),
      opcode: opcodeOf(header),
      header: header.slice(),
      segment: segment?.slice() ?? null,
    };
    this.#answers.push(answer);
    if (answer.opcode === Opcode.scsiResponse) this.#responses.set(initiatorTaskTag(header), answer);
    this.#bytes += header.length + (segment?.length ?? 0);
    return answer;
  }

  /** All before `expStatSN` has come: gives those. A number that was never used says nothing. */
  acknowledge(expStatSN: number): KeptAnswer[] {
    const newest = this.#answers.at(-1);
    if (newest === undefined || ahead(expStatSN, newest.statSN) > 1) return [];
    let count = 0;
    for (const { statSN } of this.#answers) {
      if (!isBefore(statSN, expStatSN)) break;
      count += 1;
    }
    const known = this.#answers.splice(0, count);
    for (const answer of known) {
      const { header, segment } = answer;
      this.#bytes -= header.length + (segment?.length ?? 0);
      const tag = initiatorTaskTag(header);
      if (this.#responses.get(tag) === answer) this.#responses.delete(tag);
    }
    return known;
  }

  /** The answer to the command that had this tag last, which is kept no more; of a connection that is lost. */
  takeResponse(tag: number): KeptAnswer | null {
    const answer = this.#responses.get(tag);
    if (answer === undefined) return null;
    this.#responses.delete(tag);
    this.#answers.splice(this.#answers.indexOf(answer), 1);
    return answer;
  }

  hasResponse(tag: number): boolean {
    return this.#responses.has(tag);
  }

  /** Another command has this tag now: the answer to the one before is not for it. */
  tagReused(tag: number): void {
    this.#responses.delete(tag);
  }

  get(statSN: number): KeptAnswer | null {
    return this.#answers.find((answer) => answer.statSN === statSN) ?? null;
  }

  /** Those of the run, or (0, 0) all; null where some were not sent, or acknowledged. `nextStatSN`: the first that was not used. */
  run(begRun: number, runLength: number, nextStatSN: number): readonly KeptAnswer[] | null {
    const oldest = this.#answers[0];
    if (begRun === 0 && runLength === 0) return this.#answers;
    if (oldest === undefined) return null;
    const end = runLength === 0 ? nextStatSN : plus(begRun, runLength);
    if (isBefore(begRun, oldest.statSN) || isBefore(nextStatSN, end) || !isBefore(begRun, end)) return null;
    return this.#answers.filter(({ statSN }) => !isBefore(statSN, begRun) && isBefore(statSN, end));
  }
}
