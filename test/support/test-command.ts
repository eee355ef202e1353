import assert from 'node:assert/strict';
import type { Lease } from '../../src/buffers/buffer-pool.ts';
import type { Timing } from '../../src/latency/timing.ts';
import type { Command, CommandResult, Task, TaskAttribute } from '../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import type { Sense } from '../../src/wire/scsi/sense.ts';

export interface TestCommandOptions {
  readonly nexus: Nexus;
  /** Without the zeroes that pad it to 16 bytes. */
  readonly cdb: readonly number[] | Uint8Array;
  readonly tag?: number;
  readonly attribute?: TaskAttribute;
  readonly dataIn?: number;
  readonly dataOut?: Uint8Array;
  /** Default: all of the data-out. */
  readonly unsolicited?: number;
  /** Bytes that a data-out buffer carries at the most. */
  readonly chunk?: number;
  /** Default: no bound. */
  readonly credit?: number;
  readonly readSet?: number;
  /** Default: it is not timed. */
  readonly timing?: Timing;
  /** Whether what was received is granted again at once (default), or by `grant`. */
  readonly grants?: boolean;
  /** False: asked-for and unsolicited data is kept back until `supply`. */
  readonly supplies?: boolean;
}

export interface Outcome {
  readonly how: 'status' | 'aborted' | 'unknown';
  readonly status: number;
  readonly sense: Sense | null;
  readonly presentedLength: number;
  readonly data: Uint8Array;
}

let lastTag = 0;

/** A command that a test gives to a unit: plays the transport, and checks what every transport relies on. */
export class TestCommand implements Command {
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
  readonly ended: Promise<Outcome>;
  /** [offset, length] of each receiveDataOut and each sendDataIn. */
  readonly asked: [number, number][] = [];
  readonly sets: [number, number][] = [];
  outcome: Outcome | null = null;
  readonly #options: TestCommandOptions;
  readonly #data: Uint8Array;
  #received = 0;
  #credit: number;
  #task: Task | null = null;
  #filling = false;
  #end: (outcome: Outcome) => void = () => {};
  readonly #owed: [number, number][] = [];
  #owedGrant = 0;

  constructor(options: TestCommandOptions) {
    this.#options = options;
    this.nexus = options.nexus;
    this.cdb = new Uint8Array(Math.max(16, options.cdb.length));
    this.cdb.set(options.cdb);
    this.taskAttribute = options.attribute ?? 0;
    lastTag += 1;
    this.tag = options.tag ?? lastTag;
    this.dataOutLength = options.dataOut?.length ?? 0;
    this.dataInLength = options.dataIn ?? 0;
    this.unsolicitedLength = options.unsolicited ?? this.dataOutLength;
    this.dataInCredit = options.credit ?? this.dataInLength;
    this.readSetLength = options.readSet ?? 65536;
    this.timing = options.timing ?? null;
    this.#credit = this.dataInCredit;
    this.#data = new Uint8Array(this.dataInLength);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Gives the command to the unit, and its data as far as it may come. */
  start(unit: { execute(command: Command): Task }): this {
    const task = unit.execute(this);
    this.#task = task;
    if (this.unsolicitedLength > 0) this.#owed.unshift([0, this.unsolicitedLength]);
    this.#settle();
    return this;
  }

  run(unit: { execute(command: Command): Task }): Promise<Outcome> {
    return this.start(unit).ended;
  }

  get task(): Task {
    assert.ok(this.#task !== null);
    return this.#task;
  }

  /** Nothing more comes of the transport: it has ended, and has all of its data. */
  letGo(): void {
    assert.ok(this.outcome !== null && !this.#filling && this.#owed.length === 0);
    this.task.letGo();
    this.#task = null;
  }

  grant(length: number): void {
    this.#credit += length;
    this.task.grant(length);
  }

  /** Sends the data that is owed. */
  supply(): void {
    for (let owed = this.#owed.shift(); owed !== undefined; owed = this.#owed.shift()) this.#send(...owed);
  }

  receiveDataOut(offset: number, length: number): void {
    this.#running();
    assert.ok(length > 0 && offset + length <= this.dataOutLength, 'asks for data that there is');
    this.asked.push([offset, length]);
    this.#owed.push([offset, length]);
    this.#settle();
  }

  sendDataIn(offset: number, data: Lease, final: CommandResult | null): void {
    this.#running();
    const length = data.bytes.length;
    assert.equal(offset, this.#received, 'data comes in order');
    assert.ok(length <= this.readSetLength, 'no more than a read set');
    assert.ok(length <= this.#credit, 'no more than there is credit for');
    this.sets.push([offset, length]);
    this.#data.set(data.bytes, offset);
    this.#received += length;
    this.#credit -= length;
    data.release();
    if (final !== null) return this.#finish({ how: 'status', ...final });
    if (this.#options.grants === false) return;
    this.#credit += length;
    this.#owedGrant += length;
    this.#settle();
  }

  complete(result: CommandResult): void {
    this.#running();
    this.#finish({ how: 'status', ...result });
  }

  outcomeUnknown(_reason: string): void {
    this.#running();
    this.#finish({ how: 'unknown', status: -1, sense: null, presentedLength: 0 });
  }

  aborted(): void {
    this.#running();
    this.#finish({ how: 'aborted', status: -1, sense: null, presentedLength: 0 });
  }

  #running(): void {
    assert.equal(this.outcome, null, 'nothing follows the end of a command');
  }

  #finish(end: Omit<Outcome, 'data'>): void {
    this.outcome = { ...end, data: this.#data.subarray(0, this.#received) };
    this.#end(this.outcome);
  }

  #settle(): void {
    if (this.#task === null || this.#filling) return;
    const grant = this.#owedGrant;
    this.#owedGrant = 0;
    if (grant > 0) this.#task.grant(grant);
    if (this.#options.supplies === false) return;
    this.#filling = true;
    this.supply();
    this.#filling = false;
  }

  #send(offset: number, length: number): void {
    const bytes = this.#options.dataOut ?? new Uint8Array(0);
    const chunk = this.#options.chunk ?? length;
    for (let at = offset; at < offset + length; at += chunk) {
      const end = Math.min(at + chunk, offset + length);
      const buffer = this.task.dataOutBuffer(at, end - at);
      assert.equal(buffer.length, end - at);
      buffer.set(bytes.subarray(at, end));
      this.task.dataOutArrived();
    }
  }
}
