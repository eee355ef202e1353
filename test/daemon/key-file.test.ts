import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileKeyRing, formatKeys } from '../../src/daemon/key-file.ts';
import { temporaryFolder } from '../stores/temporary.ts';

const key = (fill: number) => ({
  partner: 'beta',
  id: `${fill}`.padStart(16, '0'),
  secret: Buffer.alloc(32, fill),
});

test('a ring has what its file has now; while that cannot be read, what it had; and tells no secret', (t) => {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'alpha.keys',
  );
  const write = (text: string) => writeFileSync(path, text, { mode: 0o600 });
  const logged: string[] = [];
  const log = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`),
  };
  const ids = () => ring.current().map(({ id }) => id);
  write(formatKeys('demo', 'alpha', [key(1)]));
  const ring = new FileKeyRing(path, 'alpha', log);
  assert.deepEqual(ring.current(), [key(1)]);
  const renewed = formatKeys('demo', 'alpha', [key(2), key(1)]);
  write(renewed);
  assert.deepEqual(ids(), [key(2).id, key(1).id]);
  write(renewed.slice(0, -20));
  assert.deepEqual(ids(), [key(2).id, key(1).id]);
  assert.equal(logged.length, 1);
  assert.match(logged[0] ?? '', /secrets as they were before stay in force .*is not a key file/);
  assert.doesNotMatch(logged.join('\n'), /(01|02){8}/);
});
