/** Every legal way through the stages of a login (RFC 7143 6.3, 11.12.3), over real sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginRequest, receiveLogin, sendLogin, usualKeys } from '../../../client/login.ts';
import type { Access } from '../../../src/iscsi/login/access.ts';
import { LoginStatus } from '../../../src/wire/iscsi/login-status.ts';
import { testPort } from '../../support/scsi.ts';
import { ChapClient, type Pairs, proof } from '../support/chap-client.ts';
import { INITIATOR, type TestTarget, withTarget } from '../support/test-target.ts';

const SECRET = 'a secret of some length';
const usual = usualKeys({ initiatorName: INITIATOR, targetName: testPort().targetName });
const isName = ([key]: readonly [string, string]) =>
  ['InitiatorName', 'TargetName', 'SessionType'].includes(key);
const names = usual.filter(isName);
const operational = usual.filter((pair) => !isName(pair));
const none: Pairs = [['AuthMethod', 'CHAP,None']];

interface Step {
  /** [CSG, NSG]; without NSG it stays. */
  readonly stages: readonly [number, number?];
  readonly keys: Pairs;
}

/** Without authentication. */
const orders: Record<string, readonly Step[]> = {
  'the operational stage at once': [{ stages: [1, 3], keys: usual }],
  'the operational stage, in two requests': [
    { stages: [1], keys: names },
    { stages: [1, 3], keys: operational },
  ],
  'the operational stage, with a last request that is empty': [
    { stages: [1], keys: usual },
    { stages: [1, 3], keys: [] },
  ],
  'security, then operational': [
    { stages: [0, 1], keys: [...names, ...none] },
    { stages: [1, 3], keys: operational },
  ],
  'security, waiting, then operational': [
    { stages: [0], keys: names },
    { stages: [0], keys: none },
    { stages: [0, 1], keys: [] },
    { stages: [1], keys: operational },
    { stages: [1, 3], keys: [] },
  ],
  'security without a method, then operational': [
    { stages: [0, 1], keys: names },
    { stages: [1, 3], keys: operational },
  ],
  'security, and on to the full feature phase': [{ stages: [0, 3], keys: [...names, ...none] }],
  'security, waiting, and on to the full feature phase': [
    { stages: [0], keys: [...names, ...none] },
    { stages: [0, 3], keys: [] },
  ],
};

for (const [what, steps] of Object.entries(orders)) {
  test(`logs in: ${what}`, () => withTarget({}, (target) => walk(target, steps)));
}

async function walk(target: TestTarget, steps: readonly Step[]): Promise<void> {
  const connection = await target.connect();
  for (const [place, { stages, keys }] of steps.entries()) {
    const [currentStage, nextStage] = stages;
    sendLogin(
      connection,
      loginRequest({ currentStage, nextStage: nextStage ?? 0, transit: nextStage !== undefined }),
      keys,
    );
    const { response } = await receiveLogin(connection);
    assert.equal(response.status, LoginStatus.success);
    assert.deepEqual([response.currentStage, response.transit], [currentStage, nextStage !== undefined]);
    if (nextStage !== undefined) assert.equal(response.nextStage, nextStage);
    assert.equal(response.tsih > 0, place === steps.length - 1);
  }
  assert.equal(target.portal.sessions().length, 1);
  connection.destroy();
}

const access: Access = {
  chapOf: () => ({ initiators: [{ name: 'n', secret: Buffer.from(SECRET) }], target: null }),
  permits: () => true,
};
const stay = {};
const on = { transit: true };

/** With it: whether the request with the method, with the algorithms, and with the response asks to go on. */
for (const method of [stay, on]) {
  for (const algorithms of [stay, on]) {
    for (const response of [stay, on]) {
      for (const last of [1, 3]) {
        const flags = [method, algorithms, response].map((step) => (step === on ? 'T' : '-')).join('');
        test(`logs in by CHAP: ${flags}, and on to stage ${last}`, () =>
          withTarget({ access }, async (target) => {
            const client = await ChapClient.connect(target);
            const towards = { nextStage: last };
            const { keys } = await client.begin('CHAP,None', { ...method, ...towards });
            assert.equal(keys.get('AuthMethod'), 'CHAP');
            const challenge = await client.challengedBy('7,5', { ...algorithms, ...towards });
            let answer = await client.ask(proof(challenge, 'n', SECRET), { ...response, ...towards });
            if (response === stay) {
              assert.equal(answer.response.transit, false);
              answer = await client.ask([], { ...on, ...towards });
            }
            assert.equal(answer.response.transit, true);
            if (last === 1) answer = await client.finish();
            assert(answer.response.tsih > 0);
            client.connection.destroy();
          }));
      }
    }
  }
}
