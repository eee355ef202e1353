/** What an application asks a client for, and the CDBs that it becomes. */
import { putU16, putU32 } from '../../src/wire/scsi/bytes.ts';
import { OpCode } from '../../src/wire/scsi/opcodes.ts';
import type { WriteRecord } from '../checkers/history.ts';

export interface Operation {
  readonly kind: 'read' | 'write' | 'flush';
  readonly unit: number;
  readonly lba: number;
  readonly blocks: number;
  readonly fua: boolean;
  readonly asked: number;
  /** Attempts of a write whose end is not known. */
  readonly open: WriteRecord[];
  readonly done: (error: string | null) => void;
}

const FUA = 0x08;

export function cdbOf(operation: Operation): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb[0] = { read: OpCode.read10, write: OpCode.write10, flush: OpCode.synchronizeCache10 }[operation.kind];
  cdb[1] = operation.kind === 'write' && operation.fua ? FUA : 0;
  putU32(cdb, 2, operation.lba);
  putU16(cdb, 7, operation.blocks);
  return cdb;
}
