/** PERSISTENT RESERVE IN and OUT as a client sends them, and what it reads (SPC-4 6.15, 6.16). */
import { putU32, u32 } from '../../src/wire/scsi/bytes.ts';
import { OpCode, ServiceAction } from '../../src/wire/scsi/opcodes.ts';
import {
  heldText,
  keysText,
  NO_KEY,
  type ReservationAnswer,
  type ReservationRequest,
} from '../checkers/reservation-model.ts';
import type { CommandData } from './commands.ts';

const LIST_LENGTH = 24;
const HEADER_LENGTH = 8;
const KEY_LENGTH = 8;
const APTPL = 0x01;
/** Bytes that a read asks for. */
export const SHOWN_LENGTH = 1024;

export function isRead({ action }: ReservationRequest): boolean {
  return action === 'readKeys' || action === 'readReservation';
}

export function reservationCommand(request: ReservationRequest): CommandData {
  const cdb = new Uint8Array(10);
  cdb[0] = isRead(request) ? OpCode.persistentReserveIn : OpCode.persistentReserveOut;
  cdb[1] = serviceActionOf(request);
  if ('type' in request) cdb[2] = request.type;
  putU32(cdb, 5, isRead(request) ? SHOWN_LENGTH : LIST_LENGTH);
  if (!('key' in request)) return { cdb, dataOut: new Uint8Array(0) };
  const dataOut = new Uint8Array(LIST_LENGTH);
  putKey(dataOut, 0, request.key ?? NO_KEY);
  if ('newKey' in request) {
    putKey(dataOut, 8, request.newKey);
    dataOut[20] = request.persists ? APTPL : 0;
  }
  if ('victimKey' in request) putKey(dataOut, 8, request.victimKey);
  return { cdb, dataOut };
}

/** What was answered GOOD. */
export function shownBy({ action }: ReservationRequest, dataIn: Uint8Array): ReservationAnswer {
  if (action === 'readKeys') {
    const count = u32(dataIn, 4) / KEY_LENGTH;
    return keysText(
      Array.from({ length: count }, (_, index) => keyAt(dataIn, HEADER_LENGTH + KEY_LENGTH * index)),
    );
  }
  if (action !== 'readReservation') return 'good';
  return u32(dataIn, 4) === 0
    ? 'none'
    : heldText(keyAt(dataIn, HEADER_LENGTH), dataIn[HEADER_LENGTH + 13] ?? 0);
}

function serviceActionOf(request: ReservationRequest): number {
  const { action } = request;
  if (action !== 'register') return ServiceAction[action];
  return request.key === null ? ServiceAction.registerAndIgnoreExistingKey : ServiceAction.register;
}

function putKey(list: Uint8Array, at: number, key: string): void {
  list.set(Buffer.from(key, 'hex'), at);
}

function keyAt(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.subarray(at, at + KEY_LENGTH)).toString('hex');
}
