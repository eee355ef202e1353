import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { IscsiLimits } from '../../../src/limits.ts';
import { BHS_LENGTH, NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { decodeNopIn } from '../../../src/wire/iscsi/nop-in.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { TaskFunction } from '../../../src/wire/iscsi/task-management-request.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { BLOCK, LUN, type TestTarget, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const LOOK = IscsiLimits.lookMilliseconds;

interface Rig {
  readonly target: TestTarget;
  readonly clock: ManualClock;
  readonly router: ManualRouter;
}

function withRig(body: (rig: Rig) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  const router = new ManualRouter();
  return withTarget({ router, env: { ...nodeEnv(), clock } }, (target) => body({ target, clock, router }));
}

/** Lets time pass, with a sign of life from the client before each look. */
async function passTalking(clock: ManualClock, talk: () => Promise<unknown>, milliseconds: number) {
  for (let passed = 0; passed < milliseconds; passed += LOOK) {
    await talk();
    clock.pass(LOOK);
  }
}

describe('a client that says nothing', () => {
  test('is pinged, and stays where it answers', async () => {
    await withRig(async ({ target, clock }) => {
      const raw = await RawSession.open(target);
      for (let times = 0; times < 3; times += 1) {
        clock.pass(IscsiLimits.pingMilliseconds + LOOK);
        const { header } = await raw.receive(Opcode.nopIn);
        const ping = decodeNopIn(header);
        assert.equal(ping.initiatorTaskTag, NO_TAG);
        assert.notEqual(ping.targetTransferTag, NO_TAG, 'it wants an answer');
        const answer = new Uint8Array(BHS_LENGTH);
        const tags = { initiatorTaskTag: NO_TAG, targetTransferTag: ping.targetTransferTag };
        const sequence = { cmdSN: raw.cmdSN, expStatSN: ping.statSN };
        encodeNopOut({ immediate: true, dataSegmentLength: 0, lun: ping.lun, ...tags, ...sequence }, answer);
        raw.connection.send(answer);
        await raw.settle();
      }
      assert.equal(target.portal.sessions().length, 1);
      raw.connection.destroy();
    });
  });

  test('is dropped where it does not, and its nexus is lost', async () => {
    await withRig(async ({ target, clock, router }) => {
      const raw = await RawSession.open(target);
      clock.pass(IscsiLimits.pingMilliseconds + LOOK);
      await raw.receive(Opcode.nopIn);
      clock.pass(IscsiLimits.silenceMilliseconds - IscsiLimits.pingMilliseconds - LOOK);
      assert.equal(target.portal.sessions().length, 1, 'not before the bound');
      clock.pass(LOOK);
      await router.until(() => router.closed.length === 1);
      await raw.closed();
    });
  });

  test('is not blamed for the time in which the process itself was stopped', async () => {
    await withRig(async ({ target, clock }) => {
      const client = await target.login();
      clock.pass(LOOK);
      clock.sleep(10 * IscsiLimits.silenceMilliseconds);
      clock.pass(LOOK);
      await client.ping(pattern(4));
      assert.equal(target.portal.sessions().length, 1);
      await client.logout();
    });
  });
});

test('the client of this repository answers pings', async () => {
  await withRig(async ({ target, clock }) => {
    const client = await target.login();
    for (let times = 0; times < 3; times += 1) {
      clock.pass(IscsiLimits.pingMilliseconds + LOOK);
      // What comes back in between shows that the answer to the ping is here too.
      await client.ping(pattern(4));
    }
    assert.equal(target.portal.sessions().length, 1);
    await client.logout();
  });
});

test('data-out that does not come drops the session, however much else the client says', async () => {
  await withRig(async ({ target, clock, router }) => {
    const raw = await RawSession.open(target, { InitialR2T: 'Yes', ImmediateData: 'No' });
    const length = 4 * BLOCK;
    raw.command({ write: true, expectedDataTransferLength: length, cdb: blockCdb(WRITE_16, 0, 4) });
    const { command } = await router.task(0);
    command.receiveDataOut(0, length);
    await raw.receive(Opcode.r2t);
    await passTalking(clock, () => raw.settle(), IscsiLimits.dataOutMilliseconds);
    assert.equal(router.closed.length, 0, 'not before the bound');
    clock.pass(LOOK);
    await router.until(() => router.closed.length === 1);
    await raw.closed();
  });
});

test('data-out that comes slowly does not', async () => {
  await withRig(async ({ target, clock, router }) => {
    const raw = await RawSession.open(target, { InitialR2T: 'Yes', ImmediateData: 'No' });
    raw.command({ write: true, expectedDataTransferLength: 4 * BLOCK, cdb: blockCdb(WRITE_16, 0, 4) });
    const { command } = await router.task(0);
    for (let block = 0; block < 4; block += 1) {
      command.receiveDataOut(block * BLOCK, BLOCK);
      const { header } = await raw.receive(Opcode.r2t);
      const tag = new DataView(header.buffer, header.byteOffset).getUint32(20);
      await passTalking(clock, () => raw.settle(), IscsiLimits.dataOutMilliseconds - LOOK);
      raw.dataOut({ targetTransferTag: tag, bufferOffset: block * BLOCK }, pattern(BLOCK));
      await raw.settle();
    }
    command.complete(GOOD);
    await raw.receive(Opcode.scsiResponse);
    raw.connection.destroy();
  });
});

test('a command that is missing before others drops the session', async () => {
  await withRig(async ({ target, clock, router }) => {
    const raw = await RawSession.open(target);
    raw.cmdSN += 1;
    raw.command();
    await passTalking(clock, () => raw.settle(), IscsiLimits.missingCommandMilliseconds);
    assert.equal(router.closed.length, 0, 'not before the bound');
    clock.pass(LOOK);
    await router.until(() => router.closed.length === 1);
    assert.equal(router.tasks.length, 0);
    await raw.closed();
  });
});

test('task management that has no answer drops the session, and is not answered', async () => {
  await withRig(async ({ target, clock, router }) => {
    const client = await target.login();
    const answer = client.manage(TaskFunction.logicalUnitReset, LUN);
    const { done } = await router.managed(0);
    await passTalking(clock, () => client.ping(pattern(4)), IscsiLimits.taskManagementMilliseconds);
    assert.equal(router.closed.length, 0, 'not before the bound');
    clock.pass(LOOK);
    await assert.rejects(answer);
    assert.equal(router.closed.length, 1);
    done('complete');
  });
});

test('a command that ends in no way at all drops the session', async () => {
  await withRig(async ({ target, clock, router }) => {
    const client = await target.login();
    const result = client.command(LUN, blockCdb(READ_16, 0, 1), { dataInLength: BLOCK });
    await router.task(0);
    await passTalking(clock, () => client.ping(pattern(4)), IscsiLimits.commandMilliseconds);
    assert.equal(router.closed.length, 0, 'not before the bound');
    clock.pass(LOOK);
    await assert.rejects(result);
  });
});

test('a client that takes nothing of what waits for it is dropped, though it goes on talking', async () => {
  const clock = new ManualClock();
  await withTarget({ env: { ...nodeEnv(), clock } }, async (target) => {
    const raw = await RawSession.open(target);
    raw.command({ initiatorTaskTag: 1 });
    await raw.receive(Opcode.scsiResponse);
    raw.connection.pause();
    const length = 16 * 1024 * 1024;
    for (const initiatorTaskTag of [2, 3, 4]) {
      const cdb = blockCdb(READ_16, 0, length / BLOCK);
      raw.command({ initiatorTaskTag, read: true, expectedDataTransferLength: length, cdb });
    }
    const nopOut = new Uint8Array(BHS_LENGTH);
    const tags = { initiatorTaskTag: NO_TAG, targetTransferTag: NO_TAG };
    encodeNopOut(
      { immediate: true, dataSegmentLength: 0, lun: raw.lun, ...tags, cmdSN: raw.cmdSN, expStatSN: 0 },
      nopOut,
    );
    let looks = 0;
    // The kernels' buffers fill first, for as long as nothing else can be said of them.
    for (; target.portal.sessions().length > 0; looks += 1) {
      raw.connection.send(nopOut);
      await new Promise((resolve) => setImmediate(resolve));
      clock.pass(LOOK);
    }
    assert(looks * LOOK >= IscsiLimits.untakenMilliseconds, `${looks} looks`);
    assert(looks * LOOK < IscsiLimits.commandMilliseconds, `${looks} looks`);
    raw.connection.destroy();
  });
});
