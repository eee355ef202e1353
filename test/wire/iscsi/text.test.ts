import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodePairs, decodeText, encodeText } from '../../../src/wire/iscsi/text.ts';

const LIMITS = { maxKeyBytes: 63, maxValueBytes: 255, maxKeys: 16 };
const bytes = (text: string) => new TextEncoder().encode(text);
const mistakeOf = (text: Uint8Array | string) => {
  const decoded = decodeText(typeof text === 'string' ? bytes(text) : text, LIMITS);
  return decoded.ok ? null : decoded.mistake;
};

test('pairs come back in order', () => {
  const key = fc.stringMatching(/^[A-Z][A-Za-z0-9.+@_-]{0,60}$/);
  const value = fc.stringMatching(/^[ -~]{0,80}$/);
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(key, value), { maxLength: 16, selector: ([k]) => k }), (pairs) => {
      const text = encodeText(pairs);
      const decoded = decodeText(text, LIMITS);
      assert(decoded.ok);
      assert.deepEqual([...decoded.keys], pairs);
      assert.deepEqual(decodePairs(text), pairs);
    }),
  );
});

test('keys named like properties of objects are keys like others', () => {
  const decoded = decodeText(bytes('__proto__=1\0constructor=2\0'), LIMITS);
  assert(decoded.ok);
  assert.equal(decoded.keys.get('__proto__'), '1');
  assert.equal(decoded.keys.get('toString'), undefined);
});

test('a value may hold an equals sign and may be empty', () => {
  const decoded = decodeText(bytes('A=b=c\0B=\0'), LIMITS);
  assert(decoded.ok);
  assert.deepEqual([...decoded.keys.values()], ['b=c', '']);
});

test('malformed texts are refused', () => {
  assert.match(mistakeOf('A=1') ?? '', /ending zero/);
  assert.match(mistakeOf('A\0') ?? '', /without a key/);
  assert.match(mistakeOf('=1\0') ?? '', /without a key/);
  assert.match(mistakeOf('A=1\0A=2\0') ?? '', /twice/);
  assert.match(mistakeOf('A b=1\0') ?? '', /characters/);
  assert.match(mistakeOf(Uint8Array.of(0xff, 0x3d, 0x31, 0)) ?? '', /characters/);
});

test('limits hold on both sides', () => {
  assert.equal(mistakeOf(`${'K'.repeat(63)}=1\0`), null);
  assert.match(mistakeOf(`${'K'.repeat(64)}=1\0`) ?? '', /key that is too long/);
  assert.equal(mistakeOf(`K=${'v'.repeat(255)}\0`), null);
  assert.match(mistakeOf(`K=${'v'.repeat(256)}\0`) ?? '', /value that is too long/);
  const keys = (count: number) => Array.from({ length: count }, (_, i) => `K${i}=1\0`).join('');
  assert.equal(mistakeOf(keys(16)), null);
  assert.match(mistakeOf(keys(17)) ?? '', /too many keys/);
});

test('no bytes whatever make the decoder throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (any) => void decodeText(any, LIMITS)));
});
