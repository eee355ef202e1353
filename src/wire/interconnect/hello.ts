/** HELLO and WELCOME (docs/interconnect.md section 3). */
import { putU16, putU32, u16, u32 } from './frame.ts';
import { putString, StringReader } from './strings.ts';

export interface Hello {
  readonly lowestVersion: number;
  readonly highestVersion: number;
  /** 16 hexadecimal digits, new with every start of the process. */
  readonly incarnation: string;
  readonly generation: number;
  readonly unsolicitedCredit: number;
  readonly exchangeLimit: number;
  readonly wantsChecksums: boolean;
  readonly cluster: string;
  readonly system: string;
  readonly partner: string;
}

const MAGIC = 0x58505448; // "XPTH"
const FIXED = 32;

/** Writes the parameters at `at`; gives their length. */
export function encodeHello(hello: Hello, bytes: Uint8Array, at: number): number {
  putU32(bytes, at, MAGIC);
  putU16(bytes, at + 4, hello.lowestVersion);
  putU16(bytes, at + 6, hello.highestVersion);
  putU32(bytes, at + 8, Number.parseInt(hello.incarnation.slice(0, 8), 16));
  putU32(bytes, at + 12, Number.parseInt(hello.incarnation.slice(8), 16));
  putU32(bytes, at + 16, hello.generation);
  putU32(bytes, at + 20, hello.unsolicitedCredit);
  putU32(bytes, at + 24, hello.exchangeLimit);
  putU32(bytes, at + 28, hello.wantsChecksums ? 1 : 0);
  let end = putString(bytes, at + FIXED, hello.cluster);
  end = putString(bytes, end, hello.system);
  return putString(bytes, end, hello.partner) - at;
}

/** `null`: these are not the parameters of a HELLO. The version and the names are for the caller to judge. */
export function decodeHello(parameters: Uint8Array): Hello | null {
  if (parameters.length < FIXED + 3 || u32(parameters, 0) !== MAGIC) return null;
  const strings = new StringReader(parameters, FIXED);
  const hello = {
    lowestVersion: u16(parameters, 4),
    highestVersion: u16(parameters, 6),
    incarnation: hex(u32(parameters, 8)) + hex(u32(parameters, 12)),
    generation: u32(parameters, 16),
    unsolicitedCredit: u32(parameters, 20),
    exchangeLimit: u32(parameters, 24),
    wantsChecksums: (u32(parameters, 28) & 1) === 1,
    cluster: strings.next(),
    system: strings.next(),
    partner: strings.next(),
  };
  return strings.complete ? hello : null;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
