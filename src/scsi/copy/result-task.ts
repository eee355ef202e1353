/** A copy command that is answered with parameter data, or with nothing but its status. */

import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { TaskManagementResponse } from '../logical-unit.ts';
import { ParameterData } from '../parameter-data.ts';
import { AdmittedTask, type AdmittedTaskOptions } from './admitted-task.ts';

/** Parameter data, or what is wrong with the question. `told`: by the owner. */
export type CopyAnswer = (told: Uint8Array) => Uint8Array | Sense;

export class ResultTask extends AdmittedTask {
  readonly #answer: CopyAnswer;
  readonly #allocationLength: number;
  #data: ParameterData | null = null;
  #earlyGrants = 0;

  readonly #askedLength: number;

  /** `askedLength`: the most that the owner may have for it. */
  constructor(options: AdmittedTaskOptions, answer: CopyAnswer, allocationLength: number, askedLength = 0) {
    super(options);
    this.#answer = answer;
    this.#allocationLength = allocationLength;
    this.#askedLength = askedLength;
  }

  protected override get askedLength(): number {
    return this.#askedLength;
  }

  override grant(length: number): void {
    if (this.#data === null) this.#earlyGrants += length;
    else this.#data.grant(length);
    this.#send();
  }

  abort(done: (response: TaskManagementResponse) => void): void {
    this.lose();
    done('complete');
  }

  lose(): void {
    this.becomeAborted();
  }

  protected run(told: Uint8Array): void {
    const answer = this.#answer(told);
    if (!(answer instanceof Uint8Array)) {
      return this.complete({ status: Status.checkCondition, sense: answer, presentedLength: 0 });
    }
    this.#data = new ParameterData(this.command, this.pool, answer, this.#allocationLength);
    this.#data.grant(this.#earlyGrants);
    this.#send();
  }

  #send(): void {
    while (this.isRunning && this.#data?.ready === true) {
      if (this.#data.last) this.becomeOver();
      this.#data.send();
    }
  }
}

/** COPY OPERATION ABORT (SPC-4 6.3): answered when the copy has ended. */
export class CancelTask extends AdmittedTask {
  /** Ends the copy that is meant; false where there is none. */
  readonly #cancel: (done: () => void) => boolean;

  constructor(options: AdmittedTaskOptions, cancel: (done: () => void) => boolean) {
    super(options);
    this.#cancel = cancel;
  }

  abort(done: (response: TaskManagementResponse) => void): void {
    this.lose();
    done('complete');
  }

  lose(): void {
    this.becomeAborted();
  }

  protected run(): void {
    const done = () => {
      if (this.isRunning) this.complete({ status: Status.good, sense: null, presentedLength: 0 });
    };
    if (this.#cancel(done)) return;
    this.complete({ status: Status.checkCondition, sense: sense.invalidFieldInCdb(), presentedLength: 0 });
  }
}
