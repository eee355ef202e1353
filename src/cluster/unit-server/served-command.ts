/** One command of the partner's, run here by its owner: the exchange seen from the owner's side. */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { Path, Stage } from '../../latency/stage.ts';
import type { Timing } from '../../latency/timing.ts';
import type { Command, CommandResult, Task, TaskAttribute } from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import type { CommandParameters } from '../../wire/interconnect/command.ts';
import { FINAL, FrameType, HEADER_LENGTH, putU32 } from '../../wire/interconnect/frame.ts';
import { encodeResult, type Result, ResultKind } from '../../wire/interconnect/result.ts';
import type { Sense } from '../../wire/scsi/sense.ts';
import type { UnitServer } from './unit-server.ts';

const ABORTED: Result = { kind: ResultKind.aborted, status: 0, presentedLength: 0, sense: null };
/** Of `Command.cdb`. */
const SHORTEST_CDB = 16;
const UNKNOWN: Result = { kind: ResultKind.unknown, status: 0, presentedLength: 0, sense: null };

export class ServedCommand implements Command {
  readonly nexus: Nexus;
  readonly cdb: Uint8Array;
  readonly taskAttribute: TaskAttribute;
  readonly tag: number;
  readonly dataOutLength: number;
  readonly dataInLength: number;
  readonly unsolicitedLength: number;
  readonly dataInCredit: number;
  readonly readSetLength: number;
  readonly timing: Timing | null;
  readonly exchange: number;
  /** Set when the unit has taken the command; null while it is in `execute`. */
  task: Task | null = null;
  ended = false;
  /** Bytes of write data that came, that may come, and that count against the link's budget. */
  #arrived = 0;
  #allowed: number;
  #charged = 0;
  readonly #server: UnitServer;

  constructor(server: UnitServer, exchange: number, nexus: Nexus, parameters: CommandParameters) {
    this.#server = server;
    this.exchange = exchange;
    this.nexus = nexus;
    this.cdb = padded(parameters.cdb);
    this.taskAttribute = parameters.taskAttribute as TaskAttribute;
    this.tag = parameters.tag;
    this.dataOutLength = parameters.dataOutLength;
    this.dataInLength = parameters.dataInLength;
    this.unsolicitedLength = parameters.unsolicitedLength;
    this.dataInCredit = parameters.dataInCredit;
    this.readSetLength = parameters.readSetLength;
    this.timing = server.stages.begin(Path.served, this.cdb, server.frames);
    this.#allowed = parameters.unsolicitedLength;
  }

  /** Whether write data may come at this place; then it is counted as here. */
  admitDataOut(offset: number, length: number): boolean {
    if (offset !== this.#arrived || length === 0 || offset + length > this.#allowed) return false;
    this.#arrived += length;
    return true;
  }

  receiveDataOut(offset: number, length: number): void {
    this.#server.askForData(this, offset, length);
  }

  /** For the server, when the budget has room: asks the originator. */
  sendTransferReady(offset: number, length: number): void {
    const { frames } = this.#server;
    this.#server.giveBackBudget(this.#charged);
    this.#charged = length;
    this.#allowed = offset + length;
    putU32(frames.scratch, HEADER_LENGTH, offset);
    putU32(frames.scratch, HEADER_LENGTH + 4, length);
    frames.sendUrgent(FrameType.transferReady, this.exchange, 8);
  }

  sendDataIn(offset: number, data: Lease, final: CommandResult | null): void {
    const { frames } = this.#server;
    putU32(frames.scratch, HEADER_LENGTH, offset);
    // A result with sense does not fit DATA_IN: it follows in a frame of its own.
    const together = final !== null && final.sense === null;
    const length =
      4 + (together ? encodeResult(this.#asResult(final), frames.scratch, HEADER_LENGTH + 4) : 0);
    if (this.#server.closed) data.release();
    else frames.send(FrameType.dataIn, together ? FINAL : 0, this.exchange, length, data.bytes, data);
    if (together) this.#becomeAnswered();
    else if (final !== null) this.complete(final);
  }

  complete(result: CommandResult): void {
    this.timing?.enter(Stage.answered);
    this.#respond(this.#asResult(result));
    this.#becomeAnswered();
  }

  outcomeUnknown(): void {
    this.#respond(UNKNOWN);
    this.#end();
  }

  aborted(): void {
    this.#respond(ABORTED);
    this.#end();
  }

  #respond(result: Result): void {
    const { frames } = this.#server;
    if (!this.#server.closed) {
      const length = encodeResult(result, frames.scratch, HEADER_LENGTH);
      frames.send(FrameType.response, 0, this.exchange, length);
    }
  }

  #becomeAnswered(): void {
    if (this.timing !== null && !this.#server.closed) this.#server.frames.releaseWhenSent(this.timing);
    this.#end();
  }

  #end(): void {
    if (this.ended) throw new Error(`exchange ${this.exchange} has ended twice`);
    this.ended = true;
    this.#server.giveBackBudget(this.#charged);
    this.#server.commandEnded(this);
  }

  #asResult({ status, presentedLength, sense }: CommandResult): Result {
    const passed = sense === null || this.#server.version > 1 ? sense : withoutSpecific(sense);
    return { kind: ResultKind.status, status, presentedLength, sense: passed };
  }
}

/** As long as units expect a CDB to be. */
function padded(cdb: Uint8Array): Uint8Array {
  if (cdb.length >= SHORTEST_CDB) return cdb;
  const longer = new Uint8Array(SHORTEST_CDB);
  longer.set(cdb);
  return longer;
}

function withoutSpecific({ key, asc, ascq, information }: Sense): Sense {
  return { key, asc, ascq, information };
}
