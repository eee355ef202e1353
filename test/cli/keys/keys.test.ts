import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readKeyFile } from '../../../src/daemon/key-file.ts';
import { good } from '../../daemon/config/fixture.ts';
import { crosspath, withFile } from '../run-cli.ts';

const withKeys = good.replace('name = "demo"', 'name = "demo"\nkeys = "keys"');

const withCluster = (use: (file: string, keysOf: (system: string) => string) => Promise<void>) =>
  withFile('cluster.toml', withKeys, (file) =>
    use(file, (system) => join(dirname(file), 'keys', `${system}.keys`)),
  );

test('makes a file for each system, which others cannot read, and says what goes where', () =>
  withCluster(async (file, keysOf) => {
    const { code, out } = await crosspath('keys', file);
    assert.equal(code, 0);
    assert.deepEqual(readdirSync(dirname(keysOf('alpha'))).sort(), ['alpha.keys', 'beta.keys']);
    for (const system of ['alpha', 'beta']) {
      assert.equal(statSync(keysOf(system)).mode & 0o777, 0o600);
      assert.match(out, new RegExp(`${system}\\.keys  to the host of system ${system}`));
    }
    assert.doesNotMatch(out, /[0-9a-f]{64}/, 'no secret on the screen');
    const [ofAlpha, ofBeta] = ['alpha', 'beta'].map((system) => readKeyFile(keysOf(system))[0]);
    assert.deepEqual([ofAlpha?.partner, ofBeta?.partner], ['beta', 'alpha']);
    assert.equal(ofAlpha?.id, ofBeta?.id);
    assert.deepEqual(ofAlpha?.secret, ofBeta?.secret);
    assert.equal(ofAlpha?.secret.length, 32);
  }));

test('overwrites nothing', () =>
  withCluster(async (file, keysOf) => {
    await crosspath('keys', file);
    const before = readFileSync(keysOf('alpha'));
    const { code, err } = await crosspath('keys', file);
    assert.equal(code, 1);
    assert.match(err, /alpha\.keys is there already: .* --rotate/);
    assert.deepEqual(readFileSync(keysOf('alpha')), before);
  }));

test('--rotate puts a new key before the newest of those that were, and drops the rest', () =>
  withCluster(async (file, keysOf) => {
    await crosspath('keys', file);
    const ids = () => readKeyFile(keysOf('beta')).map(({ id }) => id);
    const [first] = ids();
    await crosspath('keys', file, '--rotate');
    const [second, older] = ids();
    assert.equal(older, first);
    await crosspath('keys', file, '--rotate');
    assert.equal(ids().length, 2);
    assert.equal(ids()[1], second);
    assert.equal(ids().includes(first ?? ''), false);
  }));

test('a system does not start with keys that are missing, cut off, or open to others', () =>
  withCluster(async (file, keysOf) => {
    writeFileSync(file, withKeys.replace('tcp://127.0.0.1:7701', 'tls://127.0.0.1:7701'));
    const start = async () => (await crosspath('start', file, '--system', 'alpha')).err;
    assert.match(
      await start(),
      /cannot read the key file .*alpha\.keys \(ENOENT\): make it with crosspath keys/,
    );
    await crosspath('keys', file);
    const whole = readFileSync(keysOf('alpha'), 'utf8');
    writeFileSync(keysOf('alpha'), whole.slice(0, -9));
    assert.match(await start(), /alpha\.keys is not a key file/);
    writeFileSync(keysOf('alpha'), whole);
    chmodSync(keysOf('alpha'), 0o640);
    assert.match(await start(), /others may read or change the key file .*chmod 600/);
  }));

test('a file that names no folder for keys is told to', () =>
  withFile('cluster.toml', good, async (file) => {
    const { code, err } = await crosspath('keys', file);
    assert.equal(code, 1);
    assert.match(err, /write keys = "keys" under \[cluster\]/);
  }));
