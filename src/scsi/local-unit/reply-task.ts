import type { Sense } from '../../wire/scsi/sense.ts';
import type { CommandSpec } from '../command-table.ts';
import type { Command } from '../logical-unit.ts';
import { ParameterData } from '../parameter-data.ts';
import type { TaskUnit } from './task-unit.ts';
import { TaskState, UnitTask } from './unit-task.ts';

/** A task that answers with parameter data. */
export abstract class ParameterDataTask extends UnitTask {
  #data: ParameterData | null = null;
  #earlyGrants = 0;

  override grant(length: number): void {
    if (this.#data === null) {
      this.#earlyGrants += length;
      return;
    }
    this.#data.grant(length);
    this.#send(this.#data);
  }

  protected reply(bytes: Uint8Array, allocationLength: number): void {
    this.#data = new ParameterData(this.command, this.unit.pool, bytes, allocationLength);
    this.#data.grant(this.#earlyGrants);
    this.#send(this.#data);
  }

  #send(data: ParameterData): void {
    while (this.state === TaskState.running && data.ready) {
      const last = data.last;
      if (last) this.becomeEnded();
      data.send();
      if (last) this.unit.taskEnded(this);
    }
  }
}

/** Makes parameter data, or says what is wrong with the CDB. */
export type Reply = (unit: TaskUnit, cdb: Uint8Array) => Uint8Array | Sense;

/** A task whose parameter data is there at once. */
export class ReplyTask extends ParameterDataTask {
  readonly #reply: Reply;
  readonly #allocationLength: number;

  constructor(unit: TaskUnit, command: Command, spec: CommandSpec, reply: Reply, allocationLength: number) {
    super(unit, command, spec);
    this.#reply = reply;
    this.#allocationLength = allocationLength;
  }

  prepare(): null {
    return null;
  }

  protected run(): void {
    const reply = this.#reply(this.unit, this.command.cdb);
    if (reply instanceof Uint8Array) this.reply(reply, this.#allocationLength);
    else this.fail(reply);
  }
}
