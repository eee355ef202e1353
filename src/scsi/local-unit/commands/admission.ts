/**
 * The owner's part in a third-party copy command: unit attentions, CDB, order and reservations are those of the addressed unit. What
 * it asks for is done by the copy manager of the system where it has arrived (scsi/copy/).
 */
import { UnitTask } from '../unit-task.ts';

export class AdmissionTask extends UnitTask {
  prepare(): null {
    return null;
  }

  protected run(): void {
    this.succeed();
  }
}
