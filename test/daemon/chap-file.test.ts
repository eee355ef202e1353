import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openChapFiles } from '../../src/daemon/chap-file.ts';
import { UserError } from '../../src/daemon/user-error.ts';
import { temporaryFolder } from '../stores/temporary.ts';
import { silentLog } from '../support/scsi.ts';
import { configOf, good } from './config/fixture.ts';

const GROUP = '[[initiator_group]]\nname = "hosts"\ninitiators = ["*"]\nchap = "CHAP"\n';

function pathIn(t: TestContext): string {
  return join(
    temporaryFolder((undo) => t.after(undo)),
    'hosts.chap',
  );
}

function open(path: string, log = silentLog) {
  const secrets = openChapFiles(configOf(`${good}${GROUP.replace('CHAP', path)}`), log).get('hosts');
  assert(secrets !== undefined);
  return secrets;
}

function fileOf(t: TestContext, text: string, mode = 0o600): string {
  const path = pathIn(t);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test('a file has the secrets of initiators, and one of the target', (t) => {
  const path = fileOf(
    t,
    '# comment\n\ninitiator host1 twelve-bytes\n  initiator\thost1 another-secret \ntarget storage of-the-target\n',
  );
  assert.deepEqual(open(path).current(), {
    initiators: [
      { name: 'host1', secret: Buffer.from('twelve-bytes') },
      { name: 'host1', secret: Buffer.from('another-secret') },
    ],
    target: { name: 'storage', secret: Buffer.from('of-the-target') },
  });
});

const mistakes: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ['no secret at all', '# nothing\n', /has no secret of an initiator; write "initiator NAME SECRET"/],
  ['no secret of an initiator', 'target a twelve-bytes\n', /has no secret of an initiator/],
  ['a line without a secret', 'initiator twelve-bytes\n', /:1: write "initiator NAME SECRET" or "target/],
  ['a line with more', 'initiator a twelve bytes-secret\n', /:1: write "initiator NAME SECRET"/],
  ['a line of another kind', '\nhost twelve-bytes more\n', /:2: write "initiator NAME SECRET"/],
  ['a secret of 11 bytes', 'initiator a eleven-byte\n', /:1: the secret of a has 11 bytes; write 12 to 128/],
  ['a secret of 129 bytes', `initiator a ${'x'.repeat(129)}\n`, /has 129 bytes; write 12 to 128/],
  ['a long name', `initiator ${'n'.repeat(224)} twelve-bytes\n`, /a name that is too long/],
  [
    'a second target',
    'initiator a twelve-bytes\ntarget b bbbbbbbbbbbb\ntarget c cccccccccccc\n',
    /:3: a second/,
  ],
  [
    'the same secret both ways',
    'target b twelve-bytes\ninitiator c cccccccccccc\ninitiator a twelve-bytes\n',
    /:3: the secret of a is the target's too.*write another/,
  ],
];

for (const [what, text, says] of mistakes) {
  test(`refused with its place and advice, and without the secret: ${what}`, (t) => {
    const path = fileOf(t, text);
    assert.throws(
      () => open(path),
      (error: unknown) => {
        assert(error instanceof UserError);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /twelve-bytes|bytes-secret|eleven-byte|xxx|bbbbb|ccccc/);
        return true;
      },
    );
  });
}

test('a file that is missing, or that others may read, is refused', (t) => {
  assert.throws(() => open(pathIn(t)), /cannot read the CHAP file .*ENOENT.*with mode 0600/);
  for (const mode of [0o640, 0o604, 0o620]) {
    const path = fileOf(t, 'initiator a twelve-bytes\n', mode);
    assert.throws(() => open(path), /others may read or change the CHAP file .*chmod 600.*new secrets/);
  }
});

test('a changed file is in force at once, and one that is wrong leaves what was', (t) => {
  const logged: string[] = [];
  const log = { ...silentLog, error: (fields: object) => void logged.push(JSON.stringify(fields)) };
  const path = fileOf(t, 'initiator a twelve-bytes\n');
  const secrets = open(path, log);
  const names = () => secrets.current().initiators.map(({ name }) => name);
  assert.deepEqual(names(), ['a']);
  writeFileSync(path, 'initiator b twelve-bytes\n');
  assert.deepEqual(names(), ['b']);
  writeFileSync(path, 'initiator c short-secre\n');
  assert.deepEqual(names(), ['b']);
  assert.match(logged.join(), /has 11 bytes/);
  assert.doesNotMatch(logged.join(), /short-secre/);
});
