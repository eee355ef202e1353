/** EXTENDED COPY (SPC-4 6.4, 6.5). */
import { decodeExtendedCopyLid1, decodeExtendedCopyLid4 } from '../../wire/scsi/copy/extended-copy.ts';
import { ServiceAction } from '../../wire/scsi/opcodes.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import { CopyOutTask } from './copy-out-task.ts';
import { planCopy, senseOfMistake } from './copy-plan.ts';

export class ExtendedCopyTask extends CopyOutTask {
  #goodWithSense = false;

  protected listReceived(bytes: Uint8Array): void {
    const isLid1 = this.serviceAction === ServiceAction.extendedCopyLid1;
    const list = isLid1 ? decodeExtendedCopyLid1(bytes) : decodeExtendedCopyLid4(bytes);
    if (typeof list === 'string') return this.fail(senseOfMistake(list));
    this.#goodWithSense = list.goodWithSense;
    const problem = this.identify(list.listIdentifier, list.usage);
    if (problem !== null) return this.fail(problem);
    const plan = planCopy(list, this.map, this.unit);
    if ('key' in plan) return this.fail(plan);
    this.copy({ token: null, plan });
  }

  protected copied(failure: Sense | null): void {
    if (failure !== null) return this.fail(failure);
    const place = { segment: this.progress.segments, pointer: null, forwarded: null };
    const told = { ...sense.extendedCopyInformation(), copy: place };
    this.finish(Status.good, this.#goodWithSense ? told : null);
  }
}
