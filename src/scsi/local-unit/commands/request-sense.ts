/** REQUEST SENSE: SPC-4 6.39. A unit attention is reported as data here, and is cleared by that. */
import { u8 } from '../../../wire/scsi/bytes.ts';
import { sense } from '../../../wire/scsi/sense.ts';
import { encodeDescriptorSense, encodeSense } from '../../../wire/scsi/sense-data.ts';
import { ParameterDataTask } from '../reply-task.ts';

const DESC = 0x01;

export class RequestSenseTask extends ParameterDataTask {
  prepare(): null {
    return null;
  }

  protected run(): void {
    const { cdb, nexus } = this.command;
    const encode = (u8(cdb, 1) & DESC) === 0 ? encodeSense : encodeDescriptorSense;
    this.reply(encode(this.unit.takeUnitAttention(nexus) ?? sense.noSense()), u8(cdb, 4));
  }
}
