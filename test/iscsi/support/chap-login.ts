/** A whole login with CHAP, of a new session or to one that exists (`changes`: its TSIH, the CID). */
import assert from 'node:assert/strict';
import { loginRequest, receiveLogin, sendLogin, usualKeys } from '../../../client/login.ts';
import type { PduConnection } from '../../../client/pdu-connection.ts';
import type { Access } from '../../../src/iscsi/login/access.ts';
import type { LoginRequest } from '../../../src/wire/iscsi/login-request.ts';
import { decodePairs } from '../../../src/wire/iscsi/text.ts';
import { type Answer, challengeOf, type Pairs, proof } from './chap-client.ts';

const NAME = 'host';
const SECRET = 'the initiators secret';

/** Everyone has to know that secret. */
export const chapAccess: Access = {
  chapOf: () => ({ initiators: [{ name: NAME, secret: Buffer.from(SECRET) }], target: null }),
  permits: () => true,
};

const SECURITY = { currentStage: 0, nextStage: 1 };
const NAMES = ['InitiatorName', 'TargetName', 'SessionType'];

export async function chapLogin(
  connection: PduConnection,
  initiatorName: string,
  targetName: string,
  keys: Record<string, string>,
  changes: Partial<LoginRequest>,
): Promise<Answer> {
  const ask = async (pairs: Pairs, stage: Partial<LoginRequest>): Promise<Answer> => {
    sendLogin(connection, loginRequest({ ...stage, ...changes }), pairs);
    const { response, text } = await receiveLogin(connection);
    assert.equal(response.status, 0);
    return { response, keys: new Map(decodePairs(text)) };
  };
  const names = usualKeys({ initiatorName, targetName }).filter(([key]) => NAMES.includes(key));
  await ask([...names, ['AuthMethod', 'CHAP']], { ...SECURITY, transit: false });
  const { keys: challenge } = await ask([['CHAP_A', '7']], { ...SECURITY, transit: false });
  await ask(proof(challengeOf(challenge), NAME, SECRET), SECURITY);
  return ask(Object.entries(keys), {});
}
