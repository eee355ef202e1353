/** Bugs that let ghost writes in: docs/decisions/0006-freshness-of-writes.md. */
import { Originator } from '../../src/cluster/proxied-unit/originator.ts';
import { ConflictClass } from '../../src/scsi/conflict-table.ts';
import { AccessHistory } from '../../src/scsi/local-unit/access-history.ts';
import { WriteGate } from '../../src/scsi/local-unit/write-gate.ts';
import { FrameType, HEADER_LENGTH } from '../../src/wire/interconnect/frame.ts';
import { decodeNexusPing, encodeNexusPing } from '../../src/wire/interconnect/nexus.ts';
import { type PlantedBug, replacing } from './plant.ts';

export const freshnessBugs: readonly PlantedBug[] = [
  replacing('a write runs whoever may have given it up', WriteGate.prototype, 'admits', () => () => true),
  replacing(
    'a proxy answers for its client whether it holds the nexus',
    Originator.prototype,
    'ping',
    () =>
      function (this: Originator, parameters) {
        const length = encodeNexusPing(decodeNexusPing(parameters), this.frames.scratch, HEADER_LENGTH);
        this.frames.sendUrgent(FrameType.nexusHeld, 0, length);
        return null;
      },
  ),
  replacing(
    'reads do not count as accesses',
    WriteGate.prototype,
    'admits',
    (original) =>
      function (this: WriteGate, task) {
        return task.spec.conflict === ConflictClass.read || original.call(this, task);
      },
  ),
  replacing(
    'the history of accesses looks at the first block alone',
    AccessHistory.prototype,
    'newestByOther',
    (original) =>
      function (this: AccessHistory, nexus, first, _end) {
        return original.call(this, nexus, first, first + 1);
      },
  ),
];
