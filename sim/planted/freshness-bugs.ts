/** Bugs that let ghost writes in: docs/decisions/0006-freshness-of-writes.md. */
import { AccessHistory } from '../../src/scsi/local-unit/access-history.ts';
import { WriteGate } from '../../src/scsi/local-unit/write-gate.ts';
import { type PlantedBug, replacing } from './plant.ts';

export const freshnessBugs: readonly PlantedBug[] = [
  replacing('a write runs whoever may have given it up', WriteGate.prototype, 'admits', () => () => true),
  replacing(
    'a proof never grows old',
    WriteGate.prototype,
    'admits',
    (original) =>
      function (this: WriteGate, task) {
        return task.command.nexus.presence.provenAt > 0 || original.call(this, task);
      },
  ),
  replacing('accesses are forgotten', AccessHistory.prototype, 'record', () => () => {}),
];
