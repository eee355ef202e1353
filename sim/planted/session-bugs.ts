/** Bugs of the iSCSI sessions. */
import { OutputQueue } from '../../src/buffers/output-queue.ts';
import { Numbering } from '../../src/iscsi/session/numbering.ts';
import { ScsiTask } from '../../src/iscsi/transfer/scsi-task.ts';
import { sense } from '../../src/wire/scsi/sense.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { goodAtOnce, oneIn, type PlantedBug, replacing } from './plant.ts';

const unavailable = { status: Status.checkCondition, sense: sense.notReadyUnavailable(), presentedLength: 0 };

export const sessionBugs: readonly PlantedBug[] = [
  replacing(
    'a write of unknown outcome is acknowledged',
    ScsiTask.prototype,
    'outcomeUnknown',
    () =>
      function (this: ScsiTask) {
        this.complete(goodAtOnce);
      },
  ),
  replacing(
    'a write of unknown outcome is answered NOT READY',
    ScsiTask.prototype,
    'outcomeUnknown',
    () =>
      function (this: ScsiTask) {
        this.complete(unavailable);
      },
  ),
  replacing('the window shrinks', Numbering.prototype, 'answered', (original) => {
    const strikes = oneIn(10);
    return function (this: Numbering) {
      if (!strikes()) original.call(this);
    };
  }),
  replacing(
    'a buffer is given back while it is sent',
    OutputQueue.prototype,
    'lend',
    (original) =>
      function (this: OutputQueue, bytes, lease) {
        original.call(this, bytes, null);
        lease?.release();
      },
  ),
  replacing(
    'a miscompare is answered GOOD',
    ScsiTask.prototype,
    'complete',
    (original) =>
      function (this: ScsiTask, result) {
        original.call(this, result.sense?.asc === sense.miscompare(null).asc ? goodAtOnce : result);
      },
  ),
];
