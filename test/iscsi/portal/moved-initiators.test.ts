/** What initiators that nobody here wrote make of being asked to leave and of being sent elsewhere: libiscsi's tools and QEMU. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { type Disk, startQemuIo, urlOf } from '../../support/disk.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { testPort } from '../../support/scsi.ts';
import { tool } from '../../support/tools.ts';
import { LUN, type TestTarget, withTarget } from '../support/test-target.ts';

const initiator = 'iqn.2026-11.test:moved';

/** Two portals of one target. Nobody is late at the first one: its time stands still. */
function withTwo(
  body: (first: TestTarget, second: TestTarget, clock: ManualClock) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const env = { ...nodeEnv(), clock };
  return withTarget({ env }, (first) => withTarget({}, (second) => body(first, second, clock)));
}

const addressOf = (target: TestTarget) => `127.0.0.1:${target.port}`;
const diskOf = (target: TestTarget): Disk => ({
  portal: addressOf(target),
  targetName: testPort().targetName,
  lun: LUN,
  initiator,
});
const answersOf = (target: TestTarget) => target.portal.traffic()[0]?.responsesSent ?? 0;

test('libiscsi goes where it is sent', () =>
  withTwo(async (first, second) => {
    await first.portal.leave(() => addressOf(second));
    await tool('iscsi-inq', '-i', initiator, urlOf(diskOf(first)));
    assert.equal(answersOf(first), 0);
    assert(answersOf(second) > 0);
  }));

test('QEMU logs out when it is asked to, goes where it is sent, and carries on', () =>
  withTwo(async (first, second, clock) => {
    const writes = Array.from({ length: 2000 }, (_, pass) => `write -P ${(pass % 250) + 1} 0 64k`);
    const running = startQemuIo(diskOf(first), [...writes, 'read -P 250 0 64k']);
    let isOver = false;
    const ended = running.ended.finally(() => {
      isOver = true;
    });
    const some = async (target: TestTarget) => {
      while (answersOf(target) < 50 && !isOver) await new Promise((resolve) => setImmediate(resolve));
      assert(answersOf(target) >= 50);
    };
    await some(first);
    const left = first.portal.leave(() => addressOf(second));
    await some(second);
    assert.deepEqual(first.portal.sessions(), []);
    const { code, out, err } = await ended;
    assert.equal(code, 0, `${out}${err}`);
    assert(!out.includes('Pattern verification failed'), out);
    clock.pass(1000);
    await left;
  }));
