/** One command of the partner's, run here by its owner: the exchange seen from the owner's side. */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { Path, Stage } from '../../latency/stage.ts';
import type { Timing } from '../../latency/timing.ts';
import type { Command, CommandResult, Task, TaskAttribute } from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import { type CommandFields, decodeCdb } from '../../wire/interconnect/command.ts';
import { FINAL, FrameType, HEADER_LENGTH, putU32 } from '../../wire/interconnect/frame.ts';
import { emptyResult, encodeResult, type Result, ResultKind } from '../../wire/interconnect/result.ts';
import type { Sense } from '../../wire/scsi/sense.ts';
import type { UnitServer } from './unit-server.ts';

const ABORTED: Result = { kind: ResultKind.aborted, status: 0, presentedLength: 0, sense: null };
const UNKNOWN: Result = { kind: ResultKind.unknown, status: 0, presentedLength: 0, sense: null };
/** Of `Command.cdb`. */
const SHORTEST_CDB = 16;

/** Serves all of them: it is read at once. */
const outgoing = emptyResult();

/** Belongs to one exchange from `begin` on, until nothing refers to it: then perhaps to another (docs/decisions/0016-reuse.md). */
export class ServedCommand implements Command {
  nexus: Nexus;
  cdb: Uint8Array;
  taskAttribute: TaskAttribute = 0;
  tag = 0;
  dataOutLength = 0;
  dataInLength = 0;
  unsolicitedLength = 0;
  dataInCredit = 0;
  readSetLength = 0;
  timing: Timing | null = null;
  exchange = 0;
  /** Set when the unit has taken the command; null while it is in `execute`. */
  task: Task | null = null;
  ended = false;
  /** By its status: nothing has come between, in which the unit might remember it. */
  answered = false;
  /** What it waits for the link's budget to ask for; of no length: it does not. */
  askedOffset = 0;
  askedLength = 0;
  /** Bytes of write data that came, that may come, and that count against the link's budget. */
  #arrived = 0;
  #allowed = 0;
  #charged = 0;
  readonly #server: UnitServer;
  readonly #shortCdb = new Uint8Array(SHORTEST_CDB);

  constructor(server: UnitServer, nexus: Nexus) {
    this.#server = server;
    this.nexus = nexus;
    this.cdb = this.#shortCdb;
  }

  /** Nothing is left of the exchange before. `parameters`: of the COMMAND, which is not malformed and says `fields`. */
  begin(exchange: number, nexus: Nexus, fields: Readonly<CommandFields>, parameters: Uint8Array): void {
    this.exchange = exchange;
    this.nexus = nexus;
    this.cdb = decodeCdb(parameters, this.#shortCdb);
    this.taskAttribute = fields.taskAttribute as TaskAttribute;
    this.tag = fields.tag;
    this.dataOutLength = fields.dataOutLength;
    this.dataInLength = fields.dataInLength;
    this.unsolicitedLength = fields.unsolicitedLength;
    this.dataInCredit = fields.dataInCredit;
    this.readSetLength = fields.readSetLength;
    this.timing = this.#server.stages.begin(Path.served, this.cdb, this.#server.frames);
    this.task = null;
    this.ended = false;
    this.answered = false;
    this.askedOffset = 0;
    this.askedLength = 0;
    this.#arrived = 0;
    this.#allowed = fields.unsolicitedLength;
    this.#charged = 0;
  }

  /** Whether write data may come at this place; then it is counted as here. */
  admitDataOut(offset: number, length: number): boolean {
    if (offset !== this.#arrived || length === 0 || offset + length > this.#allowed) return false;
    this.#arrived += length;
    return true;
  }

  receiveDataOut(offset: number, length: number): void {
    this.askedOffset = offset;
    this.askedLength = length;
    this.#server.askForData(this);
  }

  /** For the server, when the budget has room: asks the originator. */
  sendTransferReady(): void {
    const { frames } = this.#server;
    const { askedOffset: offset, askedLength: length } = this;
    this.askedLength = 0;
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
    this.answered = true;
    this.#end();
  }

  #end(): void {
    if (this.ended) throw new Error(`exchange ${this.exchange} has ended twice`);
    this.ended = true;
    this.#server.giveBackBudget(this.#charged);
    this.#server.commandEnded(this);
  }

  #asResult({ status, presentedLength, sense }: CommandResult): Result {
    outgoing.status = status;
    outgoing.presentedLength = presentedLength;
    outgoing.sense = sense === null || this.#server.version > 1 ? sense : withoutSpecific(sense);
    return outgoing;
  }
}

function withoutSpecific({ key, asc, ascq, information }: Sense): Sense {
  return { key, asc, ascq, information };
}
