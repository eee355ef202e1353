import { strict as assert } from 'node:assert';
import { request } from 'node:http';
import { test } from 'node:test';
import { AdminServer } from '../../src/admin/admin-server.ts';
import type { ReloadAnswer, SystemStatus } from '../../src/admin/schema.ts';
import { isTrustedHost } from '../../src/admin/trusted-host.ts';
import type { Log } from '../../src/env/log.ts';
import { sampleStatus } from './sample-status.ts';

const ignore = () => {};
const noLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const noReload = (): never => assert.fail('nobody reloads');

async function withServer(
  options: { status?: () => SystemStatus; reload?: () => Promise<ReloadAnswer>; log?: Log },
  use: (address: string) => Promise<void>,
): Promise<void> {
  const server = new AdminServer({
    host: '127.0.0.1',
    port: 0,
    status: options.status ?? (() => sampleStatus),
    reload: options.reload ?? noReload,
    log: options.log ?? noLog,
  });
  try {
    await use(await server.listen());
  } finally {
    await server.close();
  }
}

test('GET /status answers with the status', () =>
  withServer({}, async (address) => {
    const response = await fetch(`${address}/status`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), sampleStatus);
  }));

test('POST /reload reloads and says what has come of it, but for no web page', () => {
  const answer = { system: 'alpha', grown: [{ unit: 'vol-a', from: 1024, to: 2048 }], problems: ['x'] };
  let reloads = 0;
  const reload = () => {
    reloads += 1;
    return Promise.resolve(answer);
  };
  return withServer({ reload }, async (address) => {
    const response = await fetch(`${address}/reload`, { method: 'POST' });
    assert.deepEqual(await response.json(), answer);
    const headers = { origin: 'https://attacker.example' };
    assert.equal((await fetch(`${address}/reload`, { method: 'POST', headers })).status, 403);
    assert.equal((await fetch(`${address}/reload`)).status, 404);
    assert.equal(reloads, 1);
  });
});

test('anything else is not found, and the server lives on', () =>
  withServer({}, async (address) => {
    assert.equal((await fetch(`${address}/etc/passwd`)).status, 404);
    assert.equal((await fetch(`${address}/status`, { method: 'POST', body: 'x' })).status, 404);
    assert.equal((await fetch(`${address}/status`)).status, 200);
  }));

test('a request for a name is refused: it may have been rebound', () =>
  withServer({}, async (address) => {
    assert.equal(await statusFor(address, 'attacker.example:7801'), 403);
    assert.equal(await statusFor(address, 'localhost:7801'), 200);
  }));

/** fetch does not let its caller choose the Host header. */
function statusFor(address: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${address}/status`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('hosts that cannot be rebound are trusted', () => {
  for (const host of ['127.0.0.1', '127.0.0.1:7801', '[::1]:7801', 'localhost', '192.0.2.1:80']) {
    assert.equal(isTrustedHost(host), true, host);
  }
  for (const host of [
    undefined,
    '',
    'example.com',
    'localhost.example.com:1',
    '127.0.0.1.example.com',
    '[::1',
  ]) {
    assert.equal(isTrustedHost(host), false, host);
  }
});

test('a status that fails is logged and answered with an error that tells nothing', async () => {
  const logged: object[] = [];
  const log = { ...noLog, error: (fields: object) => logged.push(fields) };
  const status = () => {
    throw new Error('secret');
  };
  await withServer({ status, log }, async (address) => {
    const response = await fetch(`${address}/status`);
    assert.equal(response.status, 500);
    assert.deepEqual(await response.json(), { error: 'internal error' });
  });
  assert.equal(logged.length, 1);
});

test('an address in use is an error with its code', () =>
  withServer({}, async (address) => {
    const port = Number(new URL(address).port);
    const second = new AdminServer({
      host: '127.0.0.1',
      port,
      status: () => sampleStatus,
      reload: noReload,
      log: noLog,
    });
    await assert.rejects(second.listen(), { code: 'EADDRINUSE' });
    await second.close();
  }));
