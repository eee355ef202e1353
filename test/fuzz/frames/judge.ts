/**
 * Hears all that gamma sends on one link and what comes back, and knows what must have ended the link (docs/interconnect.md), or at
 * least not have been taken. Says nothing where it can't be sure.
 */
import { FrameType, HEADER_LENGTH, u16, u32 } from '../../../src/wire/interconnect/frame.ts';
import { mustFail } from '../must-fail.ts';

interface SentCommand {
  readonly cdb: Uint8Array;
  readonly list: Uint8Array;
  /** Bytes of data-out that are here, and that may be. */
  arrived: number;
  allowed: number;
  /** What was sent for it, and should not have been. */
  wrong: string | null;
}

const CDB_AT = 34;
const SLOT = 0xffff;
const FIRST_TURN = 0x1_0000;
const SLOTS = 4096;
/** The longest that a unit has. */
const A_BLOCK = 4096;
const MAX_PAYLOAD = 1 << 20;

export class LinkJudge {
  /** The first frame that no system may have taken without ending the link. */
  broken: string | null = null;
  /** The first thing that was taken and must not be. */
  overlooked: string | null = null;
  /** All frames so far were as long as their headers say. */
  isInStep = true;
  /** By exchange. Null: nothing is known of it any more. */
  readonly #commands = new Map<number, SentCommand | null>();
  /** The last exchange of each slot. */
  readonly #slots = new Map<number, number>();

  /** A whole frame goes out, with checksums that are right, on a link of that generation; 0: it is not open yet. */
  sent(frame: Uint8Array, payload: Uint8Array, generation: number): void {
    const parameters = frame.subarray(HEADER_LENGTH);
    this.isInStep &&= u16(frame, 2) === parameters.length && u32(frame, 4) === payload.length;
    if (!this.isInStep || generation === 0) return;
    const [type, exchange] = [frame[0] ?? 0, u32(frame, 12)];
    if (u32(frame, 8) !== generation) this.#breaks('another generation');
    else if (type === FrameType.inventory) this.#inventory(parameters, payload);
    else if (type === FrameType.command) this.#command(exchange, parameters, payload);
    else if (type === FrameType.dataOut) this.#dataOut(exchange, u32(parameters, 0), payload.length);
    else if (type === FrameType.taskManagement) this.#begins(exchange);
  }

  /** What comes back. */
  heard(type: number, exchange: number, parameters: Uint8Array): void {
    const command = this.#commands.get(exchange) ?? null;
    if (command === null) return;
    if (type === FrameType.transferReady) command.allowed = u32(parameters, 0) + u32(parameters, 4);
    const result = type === FrameType.response ? parameters : parameters.subarray(4);
    const ends = type === FrameType.response || (type === FrameType.dataIn && result.length > 0);
    if (!ends) return;
    if (result[0] === 0 && result[1] === 0) {
      this.overlooked ??= command.wrong ?? mustFail(command.cdb, command.list);
    }
    this.#commands.set(exchange, null);
  }

  #inventory(parameters: Uint8Array, payload: Uint8Array): void {
    let at = 0;
    for (let left = u16(parameters, 0); left > 0 && at <= payload.length; left -= 1) {
      // More blocks than a double can count.
      if (u32(payload, at + 8) >= 0x20_0000) this.#breaks('a unit of 2^53 blocks');
      at += 17;
      for (const _ of ['name', 'serial']) at += 1 + (payload[at] ?? 0);
    }
    if (at !== payload.length) this.#breaks('an inventory that is not as long as its count');
  }

  #command(exchange: number, parameters: Uint8Array, payload: Uint8Array): void {
    const [dataOut, dataIn, unsolicited, credit, readSet] = [14, 18, 22, 26, 30].map((at) =>
      u32(parameters, at),
    ) as [number, number, number, number, number];
    const cdb = parameters.slice(CDB_AT);
    if (cdb.length !== parameters[13] || cdb.length < 6) this.#breaks('another length of the CDB');
    else if (dataOut > 0 && dataIn > 0) this.#breaks('data both ways');
    else if (unsolicited > dataOut) this.#breaks('more unsolicited data than data-out');
    else if (credit > dataIn) this.#breaks('more credit than data-in');
    else if (readSet < A_BLOCK || readSet > MAX_PAYLOAD) this.#breaks('a read set of no good length');
    else if (payload.length > unsolicited) this.#breaks('more data than was announced');
    const isNew = this.#begins(exchange);
    const due = { arrived: payload.length, allowed: unsolicited, wrong: null };
    const command = { cdb, list: payload.slice(), ...due };
    this.#commands.set(exchange, isNew && !this.#commands.has(exchange) ? command : null);
  }

  /** Whether it is the first of that number, and one that may be. */
  #begins(exchange: number): boolean {
    const slot = exchange & SLOT;
    const isGood = exchange >= FIRST_TURN && slot < SLOTS && this.#slots.get(slot) !== exchange;
    this.#slots.set(slot, exchange);
    if (!isGood) this.#breaks('an exchange that may not begin');
    return isGood;
  }

  #dataOut(exchange: number, offset: number, length: number): void {
    if (!this.#slots.has(exchange & SLOT)) return this.#breaks('data of an exchange that never was');
    const command = this.#commands.get(exchange) ?? null;
    // Nothing is due: it may have ended.
    if (command === null || command.wrong !== null || command.arrived >= command.allowed) return;
    if (offset !== command.arrived) command.wrong = 'DATA_OUT at another offset';
    else if (offset + length > command.allowed) command.wrong = 'more DATA_OUT than was asked for';
    else command.arrived += length;
  }

  #breaks(what: string): void {
    this.broken ??= what;
  }
}
