/** Changes to key=value pairs (RFC 7143 6.1) that peers get wrong. */
import fc from 'fast-check';

export interface TextEdit {
  readonly how:
    | 'repeat pair'
    | 'drop pair'
    | 'drop zero'
    | 'drop equals'
    | 'key'
    | 'value'
    | 'add pair'
    | 'shuffle';
  /** Of the pair that is meant, modulo how many there are. */
  readonly pair: number;
  readonly with: string;
}

const strings = fc.constantFrom(
  '',
  '0',
  '1',
  '-1',
  '511',
  '16777216',
  '4294967296',
  '99999999999999999999',
  '0x200',
  'Yes',
  'No',
  'Maybe',
  'None',
  'CRC32C',
  'CRC32C,None',
  'None,'.repeat(100),
  '__proto__',
  'constructor',
  'X-com.example.thing',
  'InitiatorName',
  'TargetName',
  'SessionType',
  'Discovery',
  'AuthMethod',
  'CHAP',
  'CHAP_A',
  'CHAP_N',
  'SendTargets',
  'MaxRecvDataSegmentLength',
  'MaxConnections',
  'ErrorRecoveryLevel',
  'iqn.2026-11.test:another',
  'iqn.',
  'Reject',
  'NotUnderstood',
  'Irrelevant',
  '?',
  'a'.repeat(64),
  'é'.repeat(40),
  'v'.repeat(300),
  'w'.repeat(9000),
);

export const textEdit: fc.Arbitrary<TextEdit> = fc.record({
  how: fc.constantFrom(
    'repeat pair',
    'drop pair',
    'drop zero',
    'drop equals',
    'key',
    'value',
    'add pair',
    'shuffle',
  ),
  pair: fc.nat(31),
  with: strings,
});

/** What is no text stays as it is but for pairs that are added to it. */
export function editText(data: Uint8Array, { how, pair, with: other }: TextEdit): Uint8Array {
  const pairs = Buffer.from(data).toString('latin1').split('\0').slice(0, -1);
  const at = pair % Math.max(1, pairs.length);
  const text = pairs[at] ?? '';
  const equals = text.indexOf('=');
  const rest = (from: number) => pairs.slice(from);
  const put = (...here: string[]) => bytesOf([...pairs.slice(0, at), ...here, ...rest(at + 1)]);
  switch (how) {
    case 'repeat pair':
      return put(text, text);
    case 'drop pair':
      return put();
    case 'drop zero':
      return latin1(pairs.map((one, place) => (place === at ? one : `${one}\0`)).join(''));
    case 'drop equals':
      return put(text.replace('=', ''));
    case 'key':
      return put(`${other}${text.slice(equals)}`);
    case 'value':
      return put(`${text.slice(0, equals + 1)}${other}`);
    case 'add pair':
      return put(text, `${other}=${other}`);
    case 'shuffle':
      return bytesOf([...rest(at), ...pairs.slice(0, at)]);
    default:
      return how satisfies never;
  }
}

function bytesOf(pairs: readonly string[]): Uint8Array {
  return latin1(pairs.map((pair) => `${pair}\0`).join(''));
}

function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}
