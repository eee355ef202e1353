/**
 * Hears all that one session sends and what comes back, and knows what must not have been taken: commands that are wrong in
 * themselves, and Data-Out PDUs that are not what was asked for (RFC 7143 11.7, 13.19). Says nothing where it can't be sure.
 */
import { initiatorTaskTag, isFinal, NO_TAG, opcodeOf } from '../../../src/wire/iscsi/bhs.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import type { R2t } from '../../../src/wire/iscsi/r2t.ts';
import { u32 } from '../../../src/wire/scsi/bytes.ts';
import { hasList, mustFail } from '../must-fail.ts';
import { luns } from '../victim-file.ts';

/** One of the attacked units is meant, and no other: gamma's answers GOOD to everything. */
const victims = [luns['victim-a'], luns['victim-b']];
const WRITE = 0x20;

interface SentCommand {
  readonly cdb: Uint8Array;
  /** Its data-out so far; null where it is not known, or does not matter. */
  list: Uint8Array | null;
}

/** Data that is due. */
interface Due {
  readonly targetTransferTag: number;
  offset: number;
  readonly end: number;
  dataSN: number;
  /** What was sent for it, and should not have been. */
  wrong: string | null;
}

export class Judge {
  /** The first thing that was taken and must not be. */
  overlooked: string | null = null;
  readonly #commands = new Map<number, SentCommand>();
  readonly #due = new Map<number, Due>();
  /** Tags of all commands so far, and those of which nothing is known any more. */
  readonly #used = new Set<number>();
  readonly #unclear = new Set<number>();

  /** A whole PDU goes out. `intact`: with sums that are right. */
  sent(header: Uint8Array, data: Uint8Array, intact: boolean): void {
    const tag = initiatorTaskTag(header);
    const opcode = opcodeOf(header);
    if (opcode !== Opcode.scsiCommand && opcode !== Opcode.dataOut) return;
    if (!intact) this.#forget(tag);
    else if (opcode === Opcode.dataOut) this.#dataOut(tag, header, data);
    else this.#command(tag, header, data);
  }

  /** Something was sent of which it will be seen whether it was taken, if its command is still there. */
  get isOpen(): boolean {
    return this.overlooked === null && [...this.#due.values()].some(({ wrong }) => wrong !== null);
  }

  /** A command has ended with GOOD. */
  good(tag: number): void {
    const wrong = this.#due.get(tag)?.wrong ?? null;
    const command = this.#commands.get(tag);
    const failing = command === undefined ? null : mustFail(command.cdb, command.list);
    this.#overlook(wrong ?? failing);
    this.#due.delete(tag);
    this.#commands.delete(tag);
  }

  asked(tag: number, { targetTransferTag, bufferOffset, desiredDataTransferLength }: R2t): void {
    const due = this.#due.get(tag);
    // It may ask for the same again, in answer to a SNACK.
    if (this.#unclear.has(tag) || due?.targetTransferTag === targetTransferTag) return;
    // What goes on being asked for has not been refused.
    this.#overlook(due?.wrong ?? null);
    const end = bufferOffset + desiredDataTransferLength;
    this.#due.set(tag, { targetTransferTag, offset: bufferOffset, end, dataSN: 0, wrong: null });
  }

  /** Something was refused, and maybe this. */
  rejected(): void {
    this.#due.clear();
  }

  #command(tag: number, header: Uint8Array, data: Uint8Array): void {
    if (this.#used.has(tag)) return this.#forget(tag);
    this.#used.add(tag);
    const flags = header[1] ?? 0;
    const cdb = header.slice(32, 48);
    const isVictims = victims.some((lun) => u32(header, 8) === lun << 16 && u32(header, 12) === 0);
    if (isVictims) this.#commands.set(tag, { cdb, list: hasList(cdb) ? data.slice() : null });
    if ((flags & WRITE) === 0 || isFinal(header)) return;
    const due = { offset: data.length, end: Number.POSITIVE_INFINITY, dataSN: 0, wrong: null };
    this.#due.set(tag, { targetTransferTag: NO_TAG, ...due });
  }

  #dataOut(tag: number, header: Uint8Array, data: Uint8Array): void {
    const due = this.#due.get(tag);
    if (due === undefined || due.wrong !== null) return;
    due.wrong = mistake(due, header, data.length);
    if (due.wrong !== null) return;
    const command = this.#commands.get(tag);
    if (command?.list) command.list = command.list.length === due.offset ? joined(command.list, data) : null;
    due.offset += data.length;
    due.dataSN += 1;
    // It has all come: what follows may find the command ended.
    if (isFinal(header) || due.offset === due.end) this.#due.delete(tag);
  }

  #forget(tag: number): void {
    this.#unclear.add(tag);
    this.#due.delete(tag);
    this.#commands.delete(tag);
  }

  #overlook(what: string | null): void {
    this.overlooked ??= what;
  }
}

function mistake(due: Due, header: Uint8Array, length: number): string | null {
  const offset = u32(header, 40);
  if (u32(header, 20) !== due.targetTransferTag) return 'Data-Out with another target transfer tag';
  if (u32(header, 36) !== due.dataSN) return 'Data-Out with another DataSN';
  if (offset !== due.offset) return 'Data-Out with another buffer offset';
  return offset + length > due.end ? 'more Data-Out than was asked for' : null;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  return Uint8Array.from([...one, ...other]);
}
