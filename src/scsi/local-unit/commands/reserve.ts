/** RESERVE (6), (10), RELEASE (6), (10): SPC-2 7.16, 7.17, 7.21, 7.22, for the whole unit and the nexus itself alone. */
import { UnitTask } from '../unit-task.ts';

export class ReserveTask extends UnitTask {
  prepare(): null {
    return null;
  }

  protected run(): void {
    if (this.unit.reservations.reserve(this.command.nexus)) this.succeed();
    else this.conflict();
  }
}

/** Of what the nexus does not have: nothing to do, and GOOD. */
export class ReleaseTask extends UnitTask {
  prepare(): null {
    return null;
  }

  protected run(): void {
    this.unit.reservations.release(this.command.nexus);
    this.succeed();
  }
}
