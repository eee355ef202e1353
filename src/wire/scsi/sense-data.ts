/** Sense data in its two formats (SPC-4 4.5). */
import { putU16, putU24, putU32, putU64, u16, u24, u32, u64 } from './bytes.ts';
import type { CopyPlace, Sense } from './sense.ts';

/** Bytes of fixed format sense data as encodeSense makes it. */
const FIXED_SENSE_LENGTH = 18;

const Format = { fixedCurrent: 0x70, fixedDeferred: 0x71, descriptorCurrent: 0x72, descriptorDeferred: 0x73 };
const VALID = 0x80;
const INFORMATION_DESCRIPTOR = 0x00;
const INFORMATION_DESCRIPTOR_LENGTH = 12;
const COMMAND_SPECIFIC_DESCRIPTOR = 0x01;
const COMMAND_SPECIFIC_DESCRIPTOR_LENGTH = 12;
/** Forwarded sense data (4.5.2.7), and from where. */
const FORWARDED_DESCRIPTOR = 0x0c;
const FROM_COPY_SOURCE = 0x1;
const FROM_COPY_DESTINATION = 0x2;
const SPECIFIC_DESCRIPTOR = 0x02;
const SPECIFIC_DESCRIPTOR_LENGTH = 8;
const SKSV = 0x80_0000;
const DESCRIPTOR_HEADER_LENGTH = 8;

/** Fixed format, current error (SPC-4 4.5.3), 18 bytes, or more for a copy. Information over 32 bits does not fit: VALID is 0. */
export function encodeSense(sense: Sense): Uint8Array {
  const bytes = new Uint8Array(FIXED_SENSE_LENGTH);
  bytes[0] = Format.fixedCurrent;
  bytes[2] = sense.key;
  if (sense.information !== null && sense.information <= 0xffff_ffff) {
    bytes[0] |= VALID;
    putU32(bytes, 3, sense.information);
  }
  bytes[7] = FIXED_SENSE_LENGTH - 8;
  bytes[12] = sense.asc;
  bytes[13] = sense.ascq;
  putU24(bytes, 15, specificOf(sense));
  return sense.copy === undefined ? bytes : withCopyPlace(bytes, sense.copy);
}

/** The forwarded status and sense data stand behind the 18 bytes, and a byte of COMMAND-SPECIFIC INFORMATION says where. */
function withCopyPlace(fixed: Uint8Array, { segment, forwarded }: CopyPlace): Uint8Array {
  putU16(fixed, 10, segment);
  if (forwarded === null) return fixed;
  const told = forwarded.sense === null ? new Uint8Array(0) : encodeSense(forwarded.sense);
  const bytes = new Uint8Array(FIXED_SENSE_LENGTH + 1 + told.length);
  bytes.set(fixed);
  bytes[7] = bytes.length - 8;
  bytes[forwarded.by === 'source' ? 8 : 9] = FIXED_SENSE_LENGTH;
  bytes[FIXED_SENSE_LENGTH] = forwarded.status;
  bytes.set(told, FIXED_SENSE_LENGTH + 1);
  return bytes;
}

/** Three bytes: the field of the CDB, or that of a copy's parameter data, which is at fault; 0 for none. */
function specificOf({ specific, copy }: Sense): number {
  const pointer = copy?.pointer ?? null;
  return specific ?? (pointer === null ? 0 : SKSV | pointer);
}

/** Descriptor format, current error (SPC-4 4.5.2): 8 bytes, and a descriptor for each further thing that is told. */
export function encodeDescriptorSense(sense: Sense): Uint8Array {
  const descriptors = [...descriptorsOf(sense)];
  const extra = descriptors.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(DESCRIPTOR_HEADER_LENGTH + extra);
  bytes[0] = Format.descriptorCurrent;
  bytes[1] = sense.key;
  bytes[2] = sense.asc;
  bytes[3] = sense.ascq;
  bytes[7] = extra;
  let at = DESCRIPTOR_HEADER_LENGTH;
  for (const descriptor of descriptors) {
    bytes.set(descriptor, at);
    at += descriptor.length;
  }
  return bytes;
}

function* descriptorsOf(sense: Sense): Generator<Uint8Array> {
  const { information, copy } = sense;
  if (information !== null) {
    const bytes = descriptor(INFORMATION_DESCRIPTOR, INFORMATION_DESCRIPTOR_LENGTH);
    bytes[2] = VALID;
    putU64(bytes, 4, information);
    yield bytes;
  }
  if (copy !== undefined) {
    const bytes = descriptor(COMMAND_SPECIFIC_DESCRIPTOR, COMMAND_SPECIFIC_DESCRIPTOR_LENGTH);
    putU64(bytes, 4, copy.segment);
    yield bytes;
  }
  const specific = specificOf(sense);
  if (specific !== 0) {
    const bytes = descriptor(SPECIFIC_DESCRIPTOR, SPECIFIC_DESCRIPTOR_LENGTH);
    putU24(bytes, 4, specific);
    yield bytes;
  }
  const forwarded = copy?.forwarded ?? null;
  if (forwarded === null) return;
  const told = forwarded.sense === null ? new Uint8Array(0) : encodeDescriptorSense(forwarded.sense);
  const bytes = descriptor(FORWARDED_DESCRIPTOR, 4 + told.length);
  bytes[2] = forwarded.by === 'source' ? FROM_COPY_SOURCE : FROM_COPY_DESTINATION;
  bytes[3] = forwarded.status;
  bytes.set(told, 4);
  yield bytes;
}

function descriptor(type: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes[0] = type;
  bytes[1] = length - 2;
  return bytes;
}

/** Sense data of either format, for clients and links; null where it is too short or of no format we know. */
export function decodeSense(bytes: Uint8Array): Sense | null {
  switch ((bytes[0] ?? 0) & ~VALID) {
    case Format.fixedCurrent:
    case Format.fixedDeferred:
      return decodeFixed(bytes);
    case Format.descriptorCurrent:
    case Format.descriptorDeferred:
      return decodeDescriptors(bytes);
    default:
      return null;
  }
}

function decodeFixed(bytes: Uint8Array): Sense | null {
  if (bytes.length < 14) return null;
  const information = ((bytes[0] ?? 0) & VALID) === 0 ? null : u32(bytes, 3);
  const code = u16(bytes, 12);
  const sense = { key: (bytes[2] ?? 0) & 0x0f, asc: code >> 8, ascq: code & 0xff, information };
  const whole = bytes.length >= FIXED_SENSE_LENGTH && (bytes[7] ?? 0) >= FIXED_SENSE_LENGTH - 8;
  return whole ? withSpecific(sense, u24(bytes, 15)) : sense;
}

function withSpecific(sense: Sense, specific: number): Sense {
  return (specific & SKSV) === 0 ? sense : { ...sense, specific };
}

function decodeDescriptors(bytes: Uint8Array): Sense | null {
  if (bytes.length < DESCRIPTOR_HEADER_LENGTH) return null;
  const end = Math.min(bytes.length, DESCRIPTOR_HEADER_LENGTH + (bytes[7] ?? 0));
  const code = { key: (bytes[1] ?? 0) & 0x0f, asc: bytes[2] ?? 0, ascq: bytes[3] ?? 0 };
  let sense: Sense = { ...code, information: null };
  for (let at = DESCRIPTOR_HEADER_LENGTH; at + 2 <= end; at += 2 + (bytes[at + 1] ?? 0)) {
    if (bytes[at] === INFORMATION_DESCRIPTOR && at + INFORMATION_DESCRIPTOR_LENGTH <= end) {
      const value = u64(bytes, at + 4);
      const known = ((bytes[at + 2] ?? 0) & VALID) !== 0 && Number.isFinite(value);
      sense = { ...sense, information: known ? value : null };
    } else if (bytes[at] === SPECIFIC_DESCRIPTOR && at + SPECIFIC_DESCRIPTOR_LENGTH <= end) {
      sense = withSpecific(sense, u24(bytes, at + 4));
    }
  }
  return sense;
}
