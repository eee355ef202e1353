/**
 * The owner's part in a third-party copy command: unit attentions, CDB, order and reservations are those of the addressed unit. What
 * it asks for is done by the copy manager of the system where it has arrived (scsi/copy/).
 */
import { u32 } from '../../../wire/scsi/bytes.ts';
import { UnitTask } from '../unit-task.ts';

export class AdmissionTask extends UnitTask {
  prepare(): null {
    return null;
  }

  protected run(): void {
    this.succeed();
  }
}

const LIST_IDENTIFIER_AT = 6;

/** WRITE USING TOKEN takes a list identifier over from a POPULATE TOKEN whose result is held here. */
export class WriteUsingTokenAdmission extends AdmissionTask {
  protected override run(): void {
    const { cdb, nexus } = this.command;
    this.unit.tokens?.forget(nexus, u32(cdb, LIST_IDENTIFIER_AT));
    this.succeed();
  }
}
