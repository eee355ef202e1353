import assert from 'node:assert/strict';
import type { Command, NexusLoss, Task, TaskManagementResponse } from '../../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import type { Ping } from '../../../src/scsi/presence.ts';
import type { TargetPort } from '../../../src/scsi/target-port.ts';
import type { TaskRouter } from '../../../src/scsi/task-router.ts';
import { TaskFunction } from '../../../src/wire/iscsi/task-management-request.ts';
import { testNexus } from '../../support/scsi.ts';

/** A command whose end is the test's to decide. */
export class ManualTask implements Task {
  readonly lun: number;
  readonly command: Command;
  /** Grown by grants. */
  credit: number;
  readonly received: Uint8Array;
  arrivals = 0;
  lost = false;
  /** How often the session has let go of it. */
  timesLetGo = 0;

  constructor(lun: number, command: Command) {
    this.lun = lun;
    this.command = command;
    this.credit = command.dataInCredit;
    this.received = new Uint8Array(command.dataOutLength);
  }

  dataOutBuffer(offset: number, length: number): Uint8Array {
    return this.received.subarray(offset, offset + length);
  }

  dataOutArrived(): void {
    this.arrivals += 1;
  }

  dataOutLost(): void {
    this.lost = true;
  }

  grant(length: number): void {
    this.credit += length;
  }

  letGo(): void {
    this.timesLetGo += 1;
  }
}

export interface ManualFunction {
  readonly lun: number;
  readonly what: number;
  readonly tag: number;
  readonly done: (response: TaskManagementResponse | 'noSuchUnit') => void;
}

/** Keeps what it is given, and tells the test. */
export class ManualRouter implements TaskRouter {
  readonly tasks: ManualTask[] = [];
  readonly functions: ManualFunction[] = [];
  readonly closed: { readonly nexus: Nexus; readonly why: NexusLoss }[] = [];
  readonly opened: Nexus[] = [];
  /** In the order in which it happened: 'open', 'close logout', 'execute 3', 'manage 5', ... */
  readonly events: string[] = [];
  readonly #waiting = new Set<() => void>();

  openNexus(initiatorName: string, isid: string, port: TargetPort, ping: Ping): Nexus {
    const nexus = testNexus(initiatorName, port, isid, ping);
    this.opened.push(nexus);
    this.#happened('open');
    return nexus;
  }

  closeNexus(nexus: Nexus, why: NexusLoss): void {
    this.closed.push({ nexus, why });
    for (const { command } of this.tasks) if (command.nexus === nexus) command.aborted();
    this.#happened(`close ${why}`);
  }

  execute(lun: number, command: Command): Task {
    const task = new ManualTask(lun, command);
    this.tasks.push(task);
    this.#happened(`execute ${command.cdb[0]}`);
    return task;
  }

  descriptorSense(): boolean {
    return false;
  }

  manage(
    _nexus: Nexus,
    lun: number,
    what: number,
    tag: number,
    done: (response: TaskManagementResponse | 'noSuchUnit') => void,
  ): void {
    this.functions.push({ lun, what, tag, done });
    this.#happened(`manage ${what}`);
  }

  resetUnits(_nexus: Nexus, done: (response: TaskManagementResponse) => void): void {
    const answered = (response: TaskManagementResponse | 'noSuchUnit') => {
      assert(response !== 'noSuchUnit');
      done(response);
    };
    this.functions.push({ lun: -1, what: TaskFunction.targetWarmReset, tag: 0, done: answered });
    this.#happened('reset all');
  }

  endSessions(): void {
    this.#happened('end sessions');
  }

  /** Resolves with the task of the command with this index, once it has come. */
  async task(index: number): Promise<ManualTask> {
    await this.until(() => this.tasks.length > index);
    const task = this.tasks[index];
    assert(task !== undefined);
    return task;
  }

  async managed(index: number): Promise<ManualFunction> {
    await this.until(() => this.functions.length > index);
    const asked = this.functions[index];
    assert(asked !== undefined);
    return asked;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  #happened(event: string): void {
    this.events.push(event);
    for (const wake of [...this.#waiting]) wake();
  }
}

export const GOOD = { status: 0, sense: null, presentedLength: 0 } as const;
