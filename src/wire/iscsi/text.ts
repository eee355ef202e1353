/** key=value pairs, each ended by a zero byte (RFC 7143 6.1). */

/** Pairs in the order of their coming. A Map, since `__proto__` is a key like another. */
export type TextKeys = ReadonlyMap<string, string>;

export interface TextLimits {
  readonly maxKeyBytes: number;
  readonly maxValueBytes: number;
  readonly maxKeys: number;
}

export type DecodedText =
  | { readonly ok: true; readonly keys: TextKeys }
  | { readonly ok: false; readonly mistake: string };

const EQUALS = 0x3d;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The pairs of a whole text, continuations included. */
export function decodeText(text: Uint8Array, limits: TextLimits): DecodedText {
  const keys = new Map<string, string>();
  let from = 0;
  while (from < text.length) {
    const end = text.indexOf(0, from);
    if (end < 0) return mistake('a pair without its ending zero');
    if (end > from) {
      const wrong = addPair(text.subarray(from, end), limits, keys);
      if (wrong !== null) return mistake(wrong);
    }
    from = end + 1;
  }
  return { ok: true, keys };
}

function addPair(pair: Uint8Array, limits: TextLimits, keys: Map<string, string>): string | null {
  const equals = pair.indexOf(EQUALS);
  if (equals < 1) return 'a pair without a key';
  if (equals > limits.maxKeyBytes) return 'a key that is too long';
  if (pair.length - equals - 1 > limits.maxValueBytes) return 'a value that is too long';
  const key = decoder.decode(pair.subarray(0, equals));
  if (!isKeyName(key)) return 'a key with characters that keys do not have';
  if (keys.has(key)) return `the key ${key} twice`;
  if (keys.size === limits.maxKeys) return 'too many keys';
  keys.set(key, decoder.decode(pair.subarray(equals + 1)));
  return null;
}

function mistake(what: string): DecodedText {
  return { ok: false, mistake: what };
}

/** The characters of a key-name (RFC 7143 6.1); `#` is that of registered extensions (X#NodeArchitecture). */
function isKeyName(key: string): boolean {
  for (let i = 0; i < key.length; i++) if (!isKeyCharacter(key.charCodeAt(i))) return false;
  return true;
}

function isKeyCharacter(code: number): boolean {
  const digit = code >= 0x30 && code <= 0x39;
  const letter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return digit || letter || '.-+@_#'.includes(String.fromCharCode(code));
}

/** Pairs may repeat a key: SendTargets lists TargetName many times (RFC 7143 Appendix C). */
export function encodeText(pairs: Iterable<readonly [string, string]>): Uint8Array {
  let text = '';
  for (const [key, value] of pairs) text += `${key}=${value}\0`;
  return encoder.encode(text);
}

/** Every pair in order, repeated keys too: what an initiator makes of a SendTargets answer. */
export function decodePairs(text: Uint8Array): [string, string][] {
  const pairs: [string, string][] = [];
  for (const pair of decoder.decode(text).split('\0')) {
    const equals = pair.indexOf('=');
    if (equals > 0) pairs.push([pair.slice(0, equals), pair.slice(equals + 1)]);
  }
  return pairs;
}
