import type { Log } from '../../env/log.ts';
import type { UnitTask } from './unit-task.ts';

/** No proof has come in time that its initiator still holds the session (docs/decisions/0006-freshness-of-writes.md). */
export function refuseUnproven(task: UnitTask, log: Log): void {
  const { id, initiatorName, port } = task.command.nexus;
  const fields = { unit: task.unit.identity.name, nexus: id, initiator: initiatorName, port: port.name };
  log.warn(fields, 'a write was answered BUSY: its initiator does not answer NOP-In on this path');
  task.endBusy();
}
