import { strict as assert } from 'node:assert';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { demoConfig } from '../../../cli/demo/demo-config.ts';
import { freeDemoPorts } from '../../../cli/demo/free-ports.ts';
import { takeStateFolder } from '../../../src/daemon/state-folder.ts';
import { UserError } from '../../../src/daemon/user-error.ts';
import { crosspath, entry, withFile } from '../run-cli.ts';

type Started = ChildProcessByStdio<null, Readable, Readable>;

/** Runs until it ends, or the test does: a system stops when the process that started it is gone. */
function start(t: TestContext, ...args: readonly string[]): Started {
  const started = spawn(process.execPath, [entry, 'start', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => started.kill('SIGKILL'));
  return started;
}

/** What it has printed by the time that it has printed `ready` so often. Rejects if it ends before. */
function untilReady(started: Started, times: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    started.stdout.on('data', (chunk) => {
      printed += chunk;
      if (printed.match(/^ready$/gm)?.length === times) resolve(printed);
    });
    started.once('close', () => reject(new Error(`ended after printing: ${printed}`)));
  });
}

function ended(started: Started): Promise<number | null> {
  return new Promise((resolve) => started.once('close', resolve));
}

async function withCluster(use: (file: string, portal: number) => Promise<void>): Promise<void> {
  const ports = await freeDemoPorts();
  return withFile('demo.toml', demoConfig(ports), (file) => use(file, ports[0].local));
}

test('start prints a line for each port, then ready once a system, and SIGTERM ends it cleanly', (t) =>
  withCluster(async (file, portal) => {
    const cluster = start(t, file);
    const printed = (await untilReady(cluster, 2)).trimEnd().split('\n');
    assert.equal(printed.length, 10);
    assert.deepEqual(printed.slice(8), ['ready', 'ready']);
    const target = 'iqn.2026-11.dev.crosspath:demo:alpha-virtual';
    assert.ok(
      printed.includes(`alpha-virtual (virtual) listens on 127.0.0.1:${portal} as ${target}, portal group 2`),
    );
    const status = await crosspath('status', file, '--json');
    assert.equal(status.code, 0);
    const end = ended(cluster);
    cluster.kill('SIGTERM');
    assert.equal(await end, 0);
  }));

test('a second process with the same state folder is refused in one line', (t) =>
  withCluster(async (file) => {
    const first = start(t, file, '--system', 'alpha', '--log-level', 'error');
    await untilReady(first, 1);
    const second = await crosspath('start', file, '--system', 'alpha', '--log-level', 'error');
    assert.equal(second.code, 1);
    assert.match(second.err, /^crosspath: alpha: another process runs with the state folder [^\n]*\n$/);
    const end = ended(first);
    first.kill('SIGINT');
    assert.equal(await end, 0);
  }));

test('a CHAP file with a mistake is one clear line, with its place and without the secret', async () => {
  const group = '[[initiator_group]]\nname = "hosts"\ninitiators = ["*"]\nchap = "hosts.chap"\n';
  await withFile('demo.toml', `${demoConfig(await freeDemoPorts())}${group}`, async (file) => {
    const path = join(dirname(file), 'hosts.chap');
    const startAlpha = () => crosspath('start', file, '--system', 'alpha', '--log-level', 'error');
    const missing = await startAlpha();
    assert.equal(missing.code, 1);
    assert.match(
      missing.err,
      /^crosspath: alpha: cannot read the CHAP file [^\n]*hosts\.chap \(ENOENT\)[^\n]*\n$/,
    );
    writeFileSync(path, '# Hosts\ninitiator host1 too-short\n', { mode: 0o600 });
    const wrong = await startAlpha();
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.err,
      /^crosspath: alpha: [^\n]*hosts\.chap:2: the secret of host1 has 9 bytes; write 12[^\n]*\n$/,
    );
    assert.doesNotMatch(wrong.err, /too-short/);
  });
});

test('a portal in use is one clear line, and the other systems are stopped', (t) =>
  withCluster(async (file, portal) => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(portal, '127.0.0.1', resolve));
    const cluster = start(t, file, '--log-level', 'error');
    const [code, err] = await Promise.all([ended(cluster), text(cluster.stderr), text(cluster.stdout)]);
    squatter.close();
    assert.equal(code, 1);
    assert.match(err, new RegExp(`^crosspath: alpha: .*127\\.0\\.0\\.1:${portal}.*EADDRINUSE`, 'm'));
  }));

test('when the parent is killed, the systems stop by themselves', (t) =>
  withCluster(async (file) => {
    const cluster = start(t, file);
    await untilReady(cluster, 2);
    cluster.kill('SIGKILL');
    for (const system of ['alpha', 'beta']) {
      const state = join(dirname(file), system);
      assert.match(readFileSync(join(state, 'lock'), 'utf8'), /^\d+\n$/);
      while (!isFree(state)) await new Promise((resolve) => setImmediate(resolve));
    }
  }));

function isFree(state: string): boolean {
  try {
    takeStateFolder(state)();
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
