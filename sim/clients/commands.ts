/** The CDB and the data of an attempt at an operation. */
import { putU16, putU32 } from '../../src/wire/scsi/bytes.ts';
import { OpCode } from '../../src/wire/scsi/opcodes.ts';
import type { History, WriteRecord } from '../checkers/history.ts';
import { BLOCK_LENGTH, stampBlocks } from '../checkers/stamps.ts';
import { newBytes } from '../world/bytes.ts';
import type { Operation } from './operation.ts';

export interface CommandData {
  readonly cdb: Uint8Array;
  readonly dataOut: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
const FUA = 0x08;
/** Of WRITE SAME. */
const UNMAP = 0x08;
const NDOB = 0x01;

/** `write`: the record of this attempt, where it writes. */
export function commandDataOf(
  operation: Operation,
  write: WriteRecord | null,
  history: History,
): CommandData {
  const { kind, lba, blocks } = operation;
  if (write === null) {
    const operationCode = kind === 'read' ? OpCode.read10 : OpCode.synchronizeCache10;
    return { cdb: cdb10(operationCode, 0, lba, blocks), dataOut: NO_BYTES };
  }
  switch (kind) {
    case 'compareAndWrite':
      return compareAndWrite(write, history);
    case 'unmap':
      return unmap(lba, blocks);
    case 'writeSame':
      return write.kind === 'zeroes' ? writeZeroes(write) : writeSame(write);
    default:
      return {
        cdb: cdb10(OpCode.write10, write.fua ? FUA : 0, lba, blocks),
        dataOut: stamped(write, blocks),
      };
  }
}

function cdb10(operationCode: OpCode, flags: number, lba: number, blocks: number): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb[0] = operationCode;
  cdb[1] = flags;
  putU32(cdb, 2, lba);
  putU16(cdb, 7, blocks);
  return cdb;
}

function writeSame16(flags: number, { lba, blocks }: WriteRecord): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = OpCode.writeSame16;
  cdb[1] = flags;
  putU32(cdb, 6, lba);
  putU32(cdb, 10, blocks);
  return cdb;
}

function stamped({ kind, unit, lba, version, writer }: WriteRecord, blocks: number): Uint8Array {
  const data = newBytes(blocks * BLOCK_LENGTH);
  stampBlocks(data, unit, lba, version, writer, kind === 'same');
  return data;
}

/** SBC-3 5.2: what the block should hold, then what it gets. */
function compareAndWrite(write: WriteRecord, history: History): CommandData {
  const cdb = new Uint8Array(16);
  cdb[0] = OpCode.compareAndWrite;
  cdb[1] = write.fua ? FUA : 0;
  putU32(cdb, 6, write.lba);
  cdb[13] = 1;
  const dataOut = newBytes(2 * BLOCK_LENGTH);
  const held = history.writes[(write.expected ?? 0) - 1];
  if (held !== undefined) dataOut.set(stamped({ ...held, lba: write.lba }, 1));
  dataOut.set(stamped(write, 1), BLOCK_LENGTH);
  return { cdb, dataOut };
}

/** SBC-3 5.28: in two descriptors, where there is more than one block. */
function unmap(lba: number, blocks: number): CommandData {
  const first = Math.ceil(blocks / 2);
  const ranges = [
    { lba, blocks: first },
    { lba: lba + first, blocks: blocks - first },
  ];
  const list = new Uint8Array(8 + 16 * ranges.length);
  putU16(list, 0, list.length - 2);
  putU16(list, 2, list.length - 8);
  for (const [index, range] of ranges.entries()) {
    putU32(list, 8 + 16 * index + 4, range.lba);
    putU32(list, 8 + 16 * index + 8, range.blocks);
  }
  const cdb = new Uint8Array(10);
  cdb[0] = OpCode.unmap;
  putU16(cdb, 7, list.length);
  return { cdb, dataOut: list };
}

function writeSame(write: WriteRecord): CommandData {
  return { cdb: writeSame16(0, write), dataOut: stamped(write, 1) };
}

/** There are three ways to say it (SBC-3 5.42, 5.43): each version takes another. */
function writeZeroes(write: WriteRecord): CommandData {
  const zeroes = newBytes(BLOCK_LENGTH);
  switch (write.version % 3) {
    case 0:
      return { cdb: writeSame16(NDOB, write), dataOut: NO_BYTES };
    case 1:
      return { cdb: writeSame16(UNMAP, write), dataOut: zeroes };
    default:
      return { cdb: cdb10(OpCode.writeSame10, 0, write.lba, write.blocks), dataOut: zeroes };
  }
}
