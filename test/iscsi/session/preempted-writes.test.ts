/** Another host takes a unit from one whose connection is lost, while a write of it is kept for TASK REASSIGN: SPC-4 5.12.11, RFC 7143 7.2.2. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IscsiInitiator } from '../../../client/iscsi-initiator.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { TaskResponse } from '../../../src/wire/iscsi/task-management-response.ts';
import { Status } from '../../../src/wire/scsi/status.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { ManyConnections } from '../support/many-connections.ts';
import type { RawSession } from '../support/raw-session.ts';
import { ASKED, loseWrite, passUnitAttention, reassign, replace } from '../support/reassigning.ts';
import { assertServes, BLOCK, LUN, type TestTarget, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const TAG = 0x100;
const Action = { register: 0, reserve: 1, preempt: 4, preemptAndAbort: 5 } as const;
const WRITE_EXCLUSIVE_REGISTRANTS_ONLY = 5;
const MINE = 1;
const ITS = 2;

/** PERSISTENT RESERVE OUT. */
function reserveOut(action: number, key: number, serviceActionKey: number) {
  const type = action === Action.register ? 0 : WRITE_EXCLUSIVE_REGISTRANTS_ONLY;
  const dataOut = new Uint8Array(24);
  dataOut[7] = key;
  dataOut[15] = serviceActionKey;
  return { cdb: Uint8Array.of(0x5f, action, type, 0, 0, 0, 0, 0, dataOut.length, 0), dataOut };
}

async function rawReserveOut(by: RawSession, ...given: [number, number, number]): Promise<void> {
  const { cdb, dataOut } = reserveOut(...given);
  const padded = new Uint8Array(16);
  padded.set(cdb);
  by.command({ write: true, expectedDataTransferLength: dataOut.length, cdb: padded });
  const { targetTransferTag } = decodeR2t((await by.receive(Opcode.r2t)).header);
  by.dataOut({ targetTransferTag }, dataOut);
  assert.equal(await statusOf(by), Status.good);
}

async function statusOf(by: RawSession): Promise<number> {
  return decodeScsiResponse((await by.receive(Opcode.scsiResponse)).header).status;
}

/** The host holds the reservation, and its write is kept; another host takes it over by `action`. */
async function withPreempted(
  action: number,
  body: (again: RawSession, taker: IscsiInitiator, target: TestTarget) => Promise<void>,
): Promise<void> {
  await withTarget({}, async (target) => {
    const session = await ManyConnections.open(target, ASKED);
    await passUnitAttention(session.first);
    await rawReserveOut(session.first, Action.register, 0, ITS);
    await rawReserveOut(session.first, Action.reserve, ITS, 0);
    await loseWrite(session);

    const taker = await target.login({ initiatorName: 'iqn.2026-11.test:other' });
    await taker.command(LUN, new Uint8Array(6));
    const taken = async (...given: [number, number, number]) => {
      const { cdb, dataOut } = reserveOut(...given);
      assert.equal((await taker.command(LUN, cdb, { dataOut })).status, Status.good);
    };
    await taken(Action.register, 0, MINE);
    await taken(action, MINE, ITS);

    const again = await replace(session, session.first, 0);
    await body(again, taker, target);
    const { dataIn } = await taker.command(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 8 * BLOCK });
    assert(
      dataIn.every((byte) => byte === 0),
      'nothing of the write is on the unit',
    );
    await taker.logout();
    again.connection.destroy();
    await assertServes(target);
  });
}

test('PREEMPT AND ABORT ends a kept write: it can not be taken up, and its host is told', async () => {
  await withPreempted(Action.preemptAndAbort, async (again) => {
    assert.equal(await reassign(again, TAG), TaskResponse.taskDoesNotExist);
    again.command({ initiatorTaskTag: 2 });
    assert.equal(await statusOf(again), Status.checkCondition, 'a unit attention tells of it');
  });
});

test('a kept write that is taken up behind a PREEMPT writes nothing, and ends with RESERVATION CONFLICT', async () => {
  await withPreempted(Action.preempt, async (again) => {
    assert.equal(await reassign(again, TAG), TaskResponse.functionComplete);
    const { targetTransferTag } = decodeR2t((await again.receive(Opcode.r2t)).header);
    again.dataOut({ targetTransferTag }, pattern(8 * BLOCK));
    assert.equal(await statusOf(again), Status.reservationConflict);
  });
});
