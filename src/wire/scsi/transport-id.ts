/** TransportIDs of iSCSI initiator ports (SPC-4 7.6.4.6). */
import { IscsiLimits } from '../../limits.ts';
import { putU16, u8, u16 } from './bytes.ts';

export interface TransportId {
  readonly initiatorName: string;
  /** 12 hexadecimal digits; null in format 00b, which names the initiator device with all of its ports. */
  readonly isid: string | null;
}

const ISCSI = 0x5;
const Format = { device: 0x00, port: 0x40 } as const;
const HEADER_LENGTH = 4;
const MIN_ADDITIONAL_LENGTH = 20;
/** Between the name and the ISID in format 01b. */
const SEPARATOR = ',i,0x';
const ISID_DIGITS = 12;
const HEX = '0123456789abcdef';

export function encodeTransportId({ initiatorName, isid }: TransportId): Uint8Array {
  const text = isid === null ? initiatorName : `${initiatorName}${SEPARATOR}${isid}`;
  const name = Buffer.from(text, 'utf8');
  // Ended by a null, padded with nulls to a multiple of four.
  const additional = Math.max(MIN_ADDITIONAL_LENGTH, Math.ceil((name.length + 1) / 4) * 4);
  const bytes = new Uint8Array(HEADER_LENGTH + additional);
  bytes[0] = ISCSI | (isid === null ? Format.device : Format.port);
  putU16(bytes, 2, additional);
  bytes.set(name, HEADER_LENGTH);
  return bytes;
}

/** All of them, one behind the other, without a rest; null where one is malformed, of another protocol or cut off. */
export function decodeTransportIds(bytes: Uint8Array): readonly TransportId[] | null {
  const found: TransportId[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + HEADER_LENGTH + u16(bytes, at + 2);
    if (at + HEADER_LENGTH > bytes.length || end > bytes.length) return null;
    const one = decodeTransportId(bytes.subarray(at, end));
    if (one === null) return null;
    found.push(one);
    at = end;
  }
  return found;
}

function decodeTransportId(bytes: Uint8Array): TransportId | null {
  const additional = bytes.length - HEADER_LENGTH;
  if ((u8(bytes, 0) & 0x0f) !== ISCSI || additional < MIN_ADDITIONAL_LENGTH || additional % 4 !== 0)
    return null;
  const end = bytes.indexOf(0, HEADER_LENGTH);
  if (end <= HEADER_LENGTH) return null;
  // Names are compared with their case folded: RFC 7143 4.2.7.2.
  const text = Buffer.from(bytes.subarray(HEADER_LENGTH, end)).toString('utf8').toLowerCase();
  const place = text.lastIndexOf(SEPARATOR);
  switch (u8(bytes, 0) & 0xc0) {
    case Format.device:
      return isName(text) ? { initiatorName: text, isid: null } : null;
    case Format.port: {
      const isid = text.slice(place + SEPARATOR.length);
      const initiatorName = text.slice(0, Math.max(place, 0));
      if (!isName(initiatorName) || !isIsid(isid)) return null;
      return { initiatorName, isid: isid.padStart(ISID_DIGITS, '0') };
    }
    default:
      return null;
  }
}

/** What may be an iSCSI name; what is not valid UTF-8 has become U+FFFD. */
function isName(text: string): boolean {
  if (text.length === 0 || Buffer.byteLength(text) > IscsiLimits.maxNameBytes) return false;
  for (const character of text) {
    if (character <= ' ' || character === '\x7f' || character === ',' || character === '\ufffd') return false;
  }
  return true;
}

function isIsid(text: string): boolean {
  if (text.length === 0 || text.length > ISID_DIGITS) return false;
  for (const digit of text) if (!HEX.includes(digit)) return false;
  return true;
}
