import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import type { R2t } from '../../../src/wire/iscsi/r2t.ts';
import { blockCdb } from '../../support/scsi.ts';
import type { Message } from '../message.ts';
import { luns, UNIT_BLOCKS } from '../victim-file.ts';
import { Judge } from './judge.ts';
import { commandPdu, dataOutPdu } from './pdus.ts';

const TAG = 5;
const none = new Uint8Array(0);
const numbers = { initiatorTaskTag: TAG, cmdSN: 1, expStatSN: 1 };

function command(lun: number, cdb: Uint8Array, more = false): Message {
  const shape = { name: '', lun, cdb, attributes: 1, expectedLength: 1024, more, fields: [] };
  return commandPdu({ ...shape, direction: 'out', immediateData: none }, numbers);
}

const write = command(luns['victim-a'], blockCdb(0x8a, 0, 2));

function dataOut(changes: Partial<Parameters<typeof dataOutPdu>[0]>): Message {
  const shape = { lun: 1, initiatorTaskTag: TAG, targetTransferTag: 9, dataSN: 0, bufferOffset: 0 };
  return dataOutPdu({ ...shape, final: false, data: new Uint8Array(512), fields: [], ...changes }, 1);
}

function asks(judge: Judge, targetTransferTag: number, offset = 0): void {
  const r2t: R2t = {
    lun: new Uint8Array(8),
    initiatorTaskTag: TAG,
    targetTransferTag,
    r2tSN: 0,
    bufferOffset: offset,
    desiredDataTransferLength: 1024,
    statSN: 0,
    expCmdSN: 0,
    maxCmdSN: 0,
  };
  judge.asked(TAG, r2t);
}

function sends(judge: Judge, ...messages: readonly Message[]): void {
  for (const { header, data } of messages) judge.sent(header, data, true);
}

test('a range past the end of an attacked unit may not end with GOOD; of other units nothing is known', () => {
  const cdb = blockCdb(0x8a, UNIT_BLOCKS, 1);
  for (const unit of ['victim-a', 'victim-b', 'vol-g'] as const) {
    const judge = new Judge();
    sends(judge, command(luns[unit], cdb));
    judge.good(TAG);
    assert.equal(judge.overlooked, unit === 'vol-g' ? null : 'a range past the end of its unit');
  }
});

test('data that was asked for may be taken, and what comes behind its end may find the command ended', () => {
  const judge = new Judge();
  sends(judge, write);
  asks(judge, 9);
  const second = dataOut({ dataSN: 1, bufferOffset: 512, final: true });
  sends(judge, dataOut({}), second, second);
  judge.good(TAG);
  assert.equal(judge.overlooked, null);
});

const mistakes = {
  'Data-Out with another buffer offset': dataOut({ bufferOffset: 4 }),
  'Data-Out with another DataSN': dataOut({ dataSN: 1 }),
  'Data-Out with another target transfer tag': dataOut({ targetTransferTag: NO_TAG }),
  'more Data-Out than was asked for': dataOut({ data: new Uint8Array(1028) }),
};

for (const [what, wrong] of Object.entries(mistakes)) {
  test(`${what}: neither GOOD nor an R2T for the rest may follow, unless it was rejected`, () => {
    const after = (...events: ((judge: Judge) => void)[]) => {
      const judge = new Judge();
      sends(judge, write);
      asks(judge, 9);
      sends(judge, wrong);
      for (const event of events) event(judge);
      return judge.overlooked;
    };
    assert.equal(
      after((judge) => judge.good(TAG)),
      what,
    );
    assert.equal(
      after((judge) => asks(judge, 10)),
      what,
    );
    // The same again, in answer to a SNACK.
    assert.equal(
      after((judge) => asks(judge, 9)),
      null,
    );
    assert.equal(
      after(
        (judge) => judge.rejected(),
        (judge) => judge.good(TAG),
      ),
      null,
    );
  });
}

test('nothing is said of a tag that was used twice, or of a PDU with a wrong sum', () => {
  const twice = new Judge();
  sends(twice, write, write);
  asks(twice, 9);
  sends(twice, dataOut({ bufferOffset: 4 }));
  twice.good(TAG);
  assert.equal(twice.overlooked, null);
  const damaged = new Judge();
  sends(damaged, write);
  asks(damaged, 9);
  damaged.sent(dataOut({ bufferOffset: 4 }).header, new Uint8Array(512), false);
  damaged.good(TAG);
  assert.equal(damaged.overlooked, null);
});

test('unsolicited data has a place of its own', () => {
  const judge = new Judge();
  sends(judge, command(luns['victim-a'], blockCdb(0x8a, 0, 2), true));
  sends(judge, dataOut({ targetTransferTag: NO_TAG, bufferOffset: 512 }));
  judge.good(TAG);
  assert.equal(judge.overlooked, 'Data-Out with another buffer offset');
});
