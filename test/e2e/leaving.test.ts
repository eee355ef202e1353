/** A system that is told to stop asks its clients to leave; those of the single image go to the other system. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { login, loginRequest, receiveLogin, sendLogin, usualKeys } from '../../client/login.ts';
import { PduConnection } from '../../client/pdu-connection.ts';
import { AsyncEvent, decodeAsyncMessage } from '../../src/wire/iscsi/async-message.ts';
import { BHS_LENGTH } from '../../src/wire/iscsi/bhs.ts';
import { LoginStatus } from '../../src/wire/iscsi/login-status.ts';
import { encodeLogoutRequest, LogoutReason } from '../../src/wire/iscsi/logout-request.ts';
import { Opcode } from '../../src/wire/iscsi/opcode.ts';
import { decodePairs } from '../../src/wire/iscsi/text.ts';
import { Cluster } from '../support/cluster.ts';
import { qemuIo } from '../support/disk.ts';

const initiatorName = 'iqn.2026-11.dev.crosspath.test:raw';

describe('a system that stops', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  const connect = (port: string) => {
    const { host, port: number } = cluster.port(port).portal;
    return PduConnection.connect(host, number);
  };

  /** The status of a login to a port, and the address that came with it. */
  async function answerTo(connection: PduConnection, port: string) {
    const { targetName } = cluster.port(port);
    sendLogin(connection, loginRequest(), usualKeys({ initiatorName, targetName }));
    const { response, text } = await receiveLogin(connection);
    return [response.status, new Map(decodePairs(text)).get('TargetAddress')];
  }

  test('asks its clients to leave, and sends those of the single image to the other system', async () => {
    const [session, image, local] = [
      await connect('alpha-all'),
      await connect('alpha-all'),
      await connect('alpha-local'),
    ];
    await login(session, { initiatorName, targetName: cluster.port('alpha-all').targetName });
    const stopped = cluster.system('alpha').stop();
    const asked = await session.receive();
    assert.equal(asked?.opcode, Opcode.asyncMessage);
    assert.equal(decodeAsyncMessage(asked.header).event, AsyncEvent.requestsLogout);
    const { host, port } = cluster.port('beta-all').portal;
    assert.deepEqual(await answerTo(image, 'alpha-all'), [
      LoginStatus.targetMovedTemporarily,
      `${host}:${port}`,
    ]);
    assert.deepEqual(await answerTo(local, 'alpha-local'), [LoginStatus.serviceUnavailable, undefined]);
    const header = new Uint8Array(BHS_LENGTH);
    const logout = {
      immediate: true,
      reason: LogoutReason.closeSession,
      initiatorTaskTag: 9,
      connectionId: 0,
    };
    encodeLogoutRequest({ ...logout, cmdSN: 1, expStatSN: 0 }, header);
    session.send(header);
    assert.equal((await session.receive())?.opcode, Opcode.logoutResponse);
    assert.equal(await stopped, 0);
    await qemuIo(cluster.disk('beta-all', 2), 'write -P 0x44 0 64k', 'read -P 0x44 0 64k');
  });
});
