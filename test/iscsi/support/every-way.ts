/**
 * A target whose unit is its own system's, or another's: the same portal and router, over a `LocalUnit`, or over the `ProxiedUnit` of one of
 * two systems that are joined by a socket. Each with open access, or with CHAP and digests on every connection.
 */
import assert from 'node:assert/strict';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { Router } from '../../../src/scsi/router/router.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { allReturned } from '../../cluster/support/all-returned.ts';
import { TwoSystems } from '../../cluster/support/two-systems.ts';
import { testOrder, testPort } from '../../support/scsi.ts';
import { chapAccess, chapLogin } from './chap-login.ts';
import { answersPing, type LogIn, ManyConnections } from './many-connections.ts';
import { DIGESTS } from './recovering.ts';
import { INITIATOR, LUN, openAccess, TestTarget } from './test-target.ts';

export interface Way {
  readonly name: string;
  readonly proxied: boolean;
  readonly chap: boolean;
}

export const ways: readonly Way[] = [
  { name: 'a local unit', proxied: false, chap: false },
  { name: 'a local unit, with CHAP and digests', proxied: false, chap: true },
  { name: 'a proxied unit', proxied: true, chap: false },
  { name: 'a proxied unit, with CHAP and digests', proxied: true, chap: true },
];

const withChap: LogIn = (target, connection, keys, changes) => {
  const targetName = target.ports[0]?.targetName ?? '';
  return chapLogin(connection, INITIATOR, targetName, { ...DIGESTS, ...keys }, changes);
};

export interface Reached {
  readonly target: TestTarget;
  /** Tasks at the unit's owner. Null where it is here. */
  readonly atOwner: (() => number) | null;
  /** A session in which no unit attention waits. */
  readonly open: (keys: Record<string, string>) => Promise<ManyConnections>;
}

/** Nothing may be left when `body` has ended, and all its clients have gone. */
export async function reach(
  { proxied, chap }: Way,
  body: (reached: Reached) => Promise<void>,
): Promise<void> {
  const systems = proxied ? await TwoSystems.start({ transport: 'unix' }) : null;
  const ports = [testPort()];
  const access = chap ? chapAccess : openAccess;
  const router = systems === null ? {} : { router: routerTo(systems, ports) };
  const target = new TestTarget({ ports, access, ...router });
  await target.portal.listen();
  // A proxied unit wants a sign of life before its first write, on every connection.
  const connect = target.connect.bind(target);
  target.connect = async () => {
    const connection = await connect();
    connection.intercept = (pdu) => answersPing(connection, pdu);
    return connection;
  };
  const sessions: ManyConnections[] = [];
  const open = async (keys: Record<string, string>) => {
    const session = await ManyConnections.open(target, keys, chap ? withChap : undefined);
    sessions.push(session);
    let status = -1;
    while (status !== 0) {
      session.first.command();
      status = decodeScsiResponse((await session.first.receive(Opcode.scsiResponse)).header).status;
    }
    return session;
  };
  try {
    await body({ target, atOwner: systems === null ? null : () => systems.local.taskCount, open });
  } finally {
    for (const { connection } of sessions.flatMap(({ all }) => all)) connection.destroy();
    await target.portal.close();
    await systems?.stop();
  }
  for (const { pool } of [target, ...(systems === null ? [] : [systems.alpha, systems.beta])]) {
    await allReturned(pool);
  }
  assert.equal(systems?.local.taskCount ?? 0, 0, 'no task is left behind');
}

function routerTo(systems: TwoSystems, ports: readonly ReturnType<typeof testPort>[]): Router {
  return new Router({
    units: [{ lun: LUN, unit: systems.proxied }],
    initiators: [],
    accessStates: { groups: () => [{ groupId: 1, state: 0, ports: [1] }], ports: () => ports },
    pool: systems.beta.pool,
    clock: new NodeClock(),
    order: testOrder,
  });
}
