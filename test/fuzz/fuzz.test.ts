/** A short run of what `npm run fuzz` does for a million PDUs (docs/fuzzing.md). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Run } from './run.ts';
import { SecretWatch, secretBytes } from './secret.ts';

const nothing = () => {};

test('conversations in which one thing is wrong leave two systems as they were', async () => {
  const { findings, messages, answers } = await new Run({
    seed: 1,
    count: 2500,
    progress: nothing,
    found: nothing,
  }).finish();
  assert.deepEqual(findings, []);
  assert.ok(messages >= 2500);
  // It gets as far as to commands, over every protocol, and is answered in every way.
  const kinds = [
    'status 00',
    'status 02',
    'Reject 09',
    'closed by the target',
    'RESPONSE kind 0 status 00',
    'COMMAND',
  ];
  for (const kind of kinds) assert.ok((answers[kind] ?? 0) > 0, kind);
});

test('a secret is seen wherever it begins, in one piece or in several', () => {
  for (let shift = 0; shift < 6; shift += 1) {
    for (const length of [1, 3, 7, 100]) {
      let found = 0;
      const { see } = new SecretWatch(() => {
        found += 1;
      });
      const bytes = Buffer.concat([
        new Uint8Array(50),
        secretBytes(40).subarray(shift, shift + 11),
        new Uint8Array(50),
      ]);
      for (let at = 0; at < bytes.length; at += length) see(bytes.subarray(at, at + length));
      assert.ok(found > 0, `${shift}, ${length}`);
    }
  }
  const { see } = new SecretWatch(() => assert.fail('there is none'));
  see(new Uint8Array(1000));
  see(secretBytes(5));
});
