/** SCSI Command (RFC 7143 11.3). */

import { putU32, u8, u24, u32 } from '../scsi/bytes.ts';
import { BHS_LENGTH, FINAL, IMMEDIATE, lunOf, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

export const READ = 0x40;
export const WRITE = 0x20;

export interface ScsiCommand {
  readonly immediate: boolean;
  /** F: no unsolicited Data-Out follows. */
  readonly final: boolean;
  readonly read: boolean;
  readonly write: boolean;
  /** RFC 7143 11.3.1: 0 untagged, 1 simple, 2 ordered, 3 head of queue, 4 ACA. */
  readonly attributes: number;
  readonly dataSegmentLength: number;
  readonly lun: Uint8Array;
  readonly initiatorTaskTag: number;
  readonly expectedDataTransferLength: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
  /** The first 16 bytes; more are in an additional header segment. */
  readonly cdb: Uint8Array;
}

/** Where the CDB begins in the header, and its length there. */
export const CDB_OFFSET = 32;
export const CDB_LENGTH = 16;

/** Fields that the target reads where they are, for one command after another. */
export function flagsOf(header: Uint8Array): number {
  return u8(header, 1);
}

export function expectedDataTransferLength(header: Uint8Array): number {
  return u32(header, 20);
}

export function decodeScsiCommand(header: Uint8Array): ScsiCommand {
  const flags = flagsOf(header);
  return {
    immediate: (u8(header, 0) & IMMEDIATE) !== 0,
    final: (flags & FINAL) !== 0,
    read: (flags & READ) !== 0,
    write: (flags & WRITE) !== 0,
    attributes: flags & 7,
    dataSegmentLength: u24(header, 5),
    lun: lunOf(header),
    initiatorTaskTag: u32(header, 16),
    expectedDataTransferLength: expectedDataTransferLength(header),
    cmdSN: u32(header, 24),
    expStatSN: u32(header, 28),
    cdb: header.slice(CDB_OFFSET, BHS_LENGTH),
  };
}

export function encodeScsiCommand(pdu: ScsiCommand, into: Uint8Array): void {
  const flags =
    (pdu.final ? FINAL : 0) | (pdu.read ? READ : 0) | (pdu.write ? WRITE : 0) | (pdu.attributes & 7);
  startHeader(
    into,
    Opcode.scsiCommand | (pdu.immediate ? IMMEDIATE : 0),
    flags,
    pdu.dataSegmentLength,
    pdu.initiatorTaskTag,
  );
  into.set(pdu.lun, 8);
  putU32(into, 20, pdu.expectedDataTransferLength);
  putU32(into, 24, pdu.cmdSN);
  putU32(into, 28, pdu.expStatSN);
  const { cdb } = pdu;
  into.set(cdb.length > CDB_LENGTH ? cdb.subarray(0, CDB_LENGTH) : cdb, CDB_OFFSET);
}
