/** What is to be mutated is right as it is: else the fuzzer would only knock at the door. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { IscsiConversation } from './iscsi/conversation.ts';
import { type CopyExchange, copyExchange } from './iscsi/copies.ts';
import type { KeySet, LoginWay } from './iscsi/login.ts';
import { playIscsi } from './iscsi/play.ts';
import { HOSTILE, identityOf, PROVEN, shownLuns } from './victim-file.ts';
import { Victims } from './victims.ts';

let victims: Victims;
before(async () => {
  victims = await Victims.start();
});
after(() => victims.end());

const PATIENCE_MILLISECONDS = 30_000;
const plain = {
  protocol: 'iscsi',
  port: 0,
  unit: 0,
  login: 'one',
  keys: 'usual',
  inTurn: true,
  attributes: 1,
  exchanges: [],
  mutation: { kind: 'none' },
} as const satisfies IscsiConversation;

const ways: readonly LoginWay[] = ['one', 'two', 'pieces', 'chap', 'mutual chap'];
const keySets: readonly KeySet[] = ['usual', 'r2t', 'digests', 'recovery', 'several'];
/** Of every kind of copy, each way in which its list can come, between units that the initiator sees. */
const copies = fc.sample(copyExchange, { seed: 4, numRuns: 40 }).filter(isOfVictims);

function isOfVictims(one: CopyExchange): boolean {
  const hidden = ['secret-a', 'secret-b', 'vol-g'] as const;
  const has = (name: (typeof hidden)[number]) => {
    return one.kind === 'copy' && Buffer.from(one.list.data).includes(Buffer.from(identityOf(name).naa));
  };
  return !hidden.some(has);
}

let held = 0;
/** Every answer is GOOD. */
async function assertRight(changes: Partial<IscsiConversation>): Promise<void> {
  held += 1;
  const conversation: IscsiConversation = { ...plain, ...changes };
  const { portal, targetName } = victims.port('alpha-all');
  const initiatorName = conversation.login.endsWith('chap') ? PROVEN : HOSTILE;
  const isid = `00023d${held.toString(16).padStart(6, '0')}`;
  const party = { luns: shownLuns('alpha-all'), initiatorName, targetName, isid };
  const watch = () => () => {};
  const { seen } = await playIscsi(conversation, portal, party, watch, assert.fail, PATIENCE_MILLISECONDS);
  // Both units have something to tell to a new nexus.
  assert.deepEqual(
    seen.filter((what) => what !== 'login goes on' && what !== 'status 00'),
    ['status 02', 'status 02'],
    `${seen}\n${JSON.stringify(conversation)}`,
  );
}

for (const login of ways) {
  for (const keys of keySets) {
    test(`${login}, ${keys}`, async () => {
      await assertRight({ login, keys, exchanges: copies.slice(0, 2) });
    });
  }
}

test('copies and tokens between units that the initiator sees', async () => {
  assert(copies.some(({ kind }) => kind === 'copy') && copies.some(({ kind }) => kind === 'token'));
  for (const exchange of copies) await assertRight({ exchanges: [exchange] });
});
