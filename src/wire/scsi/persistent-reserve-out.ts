/** PERSISTENT RESERVE OUT parameter lists (SPC-4 6.16.3, 6.16.4). Reservation keys are 16 hexadecimal digits. */
import { u8, u16, u32 } from './bytes.ts';
import { decodeTransportIds, type TransportId } from './transport-id.ts';

export const NO_KEY = '0000000000000000';

export interface ReserveOutList {
  readonly key: string;
  readonly serviceActionKey: string;
  readonly activatePersistence: boolean;
  readonly allTargetPorts: boolean;
  /** SPEC_I_PT's, or null where the bit is not set. */
  readonly initiatorPorts: readonly TransportId[] | null;
}

export interface RegisterAndMoveList {
  readonly key: string;
  readonly serviceActionKey: string;
  readonly unregister: boolean;
  readonly activatePersistence: boolean;
  readonly relativePort: number;
  readonly to: TransportId;
}

const BASIC_LENGTH = 24;
const FLAGS_AT = 20;
const SPEC_I_PT = 0x08;
const ALL_TG_PT = 0x04;
const APTPL = 0x01;
/** Of REGISTER AND MOVE, in byte 17. */
const UNREG = 0x02;

/** What is wrong: the length of the list, or a field in it. */
type Wrong = 'wrongLength' | 'invalid';

export function decodeReserveOut(list: Uint8Array): ReserveOutList | Wrong {
  if (list.length < BASIC_LENGTH) return 'wrongLength';
  const flags = u8(list, FLAGS_AT);
  const named = (flags & SPEC_I_PT) !== 0;
  if (!named && list.length !== BASIC_LENGTH) return 'wrongLength';
  const initiatorPorts = named ? decodeNamed(list) : null;
  if (typeof initiatorPorts === 'string') return initiatorPorts;
  return {
    key: keyAt(list, 0),
    serviceActionKey: keyAt(list, 8),
    activatePersistence: (flags & APTPL) !== 0,
    allTargetPorts: (flags & ALL_TG_PT) !== 0,
    initiatorPorts,
  };
}

export function decodeRegisterAndMove(list: Uint8Array): RegisterAndMoveList | Wrong {
  if (list.length < BASIC_LENGTH) return 'wrongLength';
  if (BASIC_LENGTH + u32(list, 20) !== list.length) return 'wrongLength';
  const to = decodeTransportIds(list.subarray(BASIC_LENGTH));
  if (to === null || to[0] === undefined || to.length > 1) return 'invalid';
  return {
    key: keyAt(list, 0),
    serviceActionKey: keyAt(list, 8),
    unregister: (u8(list, 17) & UNREG) !== 0,
    activatePersistence: (u8(list, 17) & APTPL) !== 0,
    relativePort: u16(list, 18),
    to: to[0],
  };
}

function decodeNamed(list: Uint8Array): readonly TransportId[] | Wrong {
  const start = BASIC_LENGTH + 4;
  if (list.length < start || start + u32(list, BASIC_LENGTH) !== list.length) return 'wrongLength';
  return decodeTransportIds(list.subarray(start)) ?? 'invalid';
}

function keyAt(list: Uint8Array, at: number): string {
  return Buffer.from(list.subarray(at, at + 8)).toString('hex');
}
