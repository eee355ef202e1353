/** What the header of a SCSI Command PDU may say (RFC 7143 11.3). */
import { TaskAttribute } from '../../scsi/logical-unit.ts';
import { BHS_LENGTH, isFinal, NO_TAG } from '../../wire/iscsi/bhs.ts';
import {
  CDB_LENGTH,
  CDB_OFFSET,
  expectedDataTransferLength,
  flagsOf,
  READ,
  WRITE,
} from '../../wire/iscsi/scsi-command.ts';
import type { Parameters } from '../login/parameters.ts';

/** What breaks the protocol, or null. `length`: of the immediate data. */
export function commandMistake(
  header: Uint8Array,
  tag: number,
  length: number,
  parameters: Parameters,
): string | null {
  const flags = flagsOf(header);
  if (tag === NO_TAG) return 'a command with the reserved task tag';
  if ((flags & 7) > 4) return 'a reserved task attribute';
  if ((flags & WRITE) === 0) return length > 0 ? 'data with a command that does not write' : null;
  if (length > 0 && !parameters.immediateData) return 'immediate data, which was not agreed on';
  if (length > parameters.firstBurstLength || length > expectedDataTransferLength(header)) {
    return 'too much immediate data';
  }
  return !isFinal(header) && parameters.initialR2T ? 'unsolicited data, which was not agreed on' : null;
}

/** 11.3.1: untagged (0) is taken for simple. */
export function taskAttributeOf(header: Uint8Array): TaskAttribute {
  switch (flagsOf(header) & 7) {
    case 2:
      return TaskAttribute.ordered;
    case 3:
      return TaskAttribute.headOfQueue;
    case 4:
      return TaskAttribute.aca;
    default:
      return TaskAttribute.simple;
  }
}

/** Bytes that the initiator means to send, and to receive. */
export function dataOutLengthOf(header: Uint8Array): number {
  return (flagsOf(header) & WRITE) !== 0 ? expectedDataTransferLength(header) : 0;
}

export function dataInLengthOf(header: Uint8Array): number {
  return (flagsOf(header) & READ) !== 0 ? expectedDataTransferLength(header) : 0;
}

export function isBidirectional(header: Uint8Array): boolean {
  return (flagsOf(header) & (READ | WRITE)) === (READ | WRITE);
}

/** The CDB: 16 bytes copied to `short`, or, with an extension of it, a longer one. */
export function cdbOf(header: Uint8Array, extension: Uint8Array | null, short: Uint8Array): Uint8Array {
  if (extension === null) {
    for (let i = 0; i < CDB_LENGTH; i++) short[i] = header[CDB_OFFSET + i] ?? 0;
    return short;
  }
  const cdb = new Uint8Array(CDB_LENGTH + extension.length);
  cdb.set(header.subarray(CDB_OFFSET, BHS_LENGTH));
  cdb.set(extension, CDB_LENGTH);
  return cdb;
}
