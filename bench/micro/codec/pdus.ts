/** The PDUs of a read and of a write of 4 KiB, each field read and written as the target does it. */

import { defaultParameters } from '../../../src/iscsi/login/parameters.ts';
import {
  cdbOf,
  commandMistake,
  dataInLengthOf,
  dataOutLengthOf,
  isBidirectional,
  taskAttributeOf,
} from '../../../src/iscsi/transfer/command-header.ts';
import { TaskAttribute } from '../../../src/scsi/logical-unit.ts';
import {
  BHS_LENGTH,
  cmdSNOf,
  dataSegmentLength,
  initiatorTaskTag,
  isFinal,
  isImmediate,
} from '../../../src/wire/iscsi/bhs.ts';
import { type DataIn, encodeDataIn } from '../../../src/wire/iscsi/data-in.ts';
import {
  bufferOffsetOf,
  dataSNOf,
  encodeDataOut,
  targetTransferTagOf,
} from '../../../src/wire/iscsi/data-out.ts';
import { encodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { CDB_LENGTH, encodeScsiCommand } from '../../../src/wire/iscsi/scsi-command.ts';
import { encodeScsiResponse, type ScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { putU32 } from '../../../src/wire/scsi/bytes.ts';
import { decodeLun, encodeLun, LUN_LENGTH } from '../../../src/wire/scsi/lun.ts';
import { OpCode } from '../../../src/wire/scsi/opcodes.ts';
import type { MicroBenchmark } from '../micro.ts';

const LENGTH = 4096;
const LUN = 1;
const CMD_SN = 24;
const BUFFER_OFFSET = 40;

export function pduBenchmarks(): MicroBenchmark[] {
  const runs: Record<string, (times: number) => void> = {
    'SCSI Command of a read of 4096 bytes, decode': decodesCommand(false),
    'SCSI Command of a write of 4096 bytes, decode': decodesCommand(true),
    'Data-In of 4096 bytes with status, encode': encodesDataIn,
    'SCSI Response, encode': encodesResponse,
    'R2T, encode': encodesR2t,
    'Data-Out of 4096 bytes, decode': decodesDataOut,
  };
  return Object.entries(runs).map(([name, run]) => ({ name: `codec, ${name}`, bytesPerOperation: 0, run }));
}

/** The write's data comes with it. */
function decodesCommand(write: boolean): (times: number) => void {
  const header = new Uint8Array(BHS_LENGTH);
  const cdb = new Uint8Array(CDB_LENGTH);
  cdb[0] = write ? OpCode.write10 : OpCode.read10;
  const flags = { immediate: false, final: true, read: !write, write, attributes: 1 };
  const tags = { lun: lunBytes(), initiatorTaskTag: 7, cmdSN: 0, expStatSN: 1, cdb };
  const lengths = { dataSegmentLength: write ? LENGTH : 0, expectedDataTransferLength: LENGTH };
  encodeScsiCommand({ ...flags, ...tags, ...lengths }, header);
  const parameters = defaultParameters();
  return (times) => {
    let sum = 0;
    for (let i = 0; i < times; i++) {
      // Another command each time, as on a connection.
      putU32(header, CMD_SN, i);
      const length = dataSegmentLength(header);
      const mistake = commandMistake(header, initiatorTaskTag(header), length, parameters);
      if (mistake !== null || isBidirectional(header) || isImmediate(header))
        throw new Error('a wrong command');
      cdbOf(header, null, cdb);
      sum += cmdSNOf(header) + decodeLun(header, 8) + taskAttributeOf(header);
      sum += dataOutLengthOf(header) + dataInLengthOf(header);
    }
    check(sum, sumBelow(times) + times * (LUN + TaskAttribute.simple + LENGTH));
  };
}

function encodesDataIn(times: number): void {
  const header = new Uint8Array(BHS_LENGTH);
  const pdu: DataIn = {
    final: true,
    withStatus: true,
    residualFlags: 0,
    status: 0,
    dataSegmentLength: LENGTH,
    initiatorTaskTag: 0,
    statSN: 0,
    expCmdSN: 0,
    maxCmdSN: 0,
    dataSN: 0,
    bufferOffset: 0,
    residualCount: 0,
  };
  for (let i = 0; i < times; i++) {
    pdu.initiatorTaskTag = i;
    pdu.statSN = i;
    pdu.maxCmdSN = i;
    encodeDataIn(pdu, header);
  }
  check(initiatorTaskTag(header), times - 1);
}

function encodesResponse(times: number): void {
  const header = new Uint8Array(BHS_LENGTH);
  const pdu: ScsiResponse = {
    residualFlags: 0,
    response: 0,
    status: 0,
    dataSegmentLength: 0,
    initiatorTaskTag: 0,
    statSN: 0,
    expCmdSN: 0,
    maxCmdSN: 0,
    expDataSN: 0,
    residualCount: 0,
  };
  for (let i = 0; i < times; i++) {
    pdu.initiatorTaskTag = i;
    pdu.statSN = i;
    pdu.maxCmdSN = i;
    encodeScsiResponse(pdu, header);
  }
  check(initiatorTaskTag(header), times - 1);
}

function encodesR2t(times: number): void {
  const header = new Uint8Array(BHS_LENGTH);
  const lun = lunBytes();
  for (let i = 0; i < times; i++) {
    const pdu = {
      lun,
      initiatorTaskTag: i,
      targetTransferTag: i,
      statSN: i,
      expCmdSN: i,
      maxCmdSN: i,
      r2tSN: 0,
      bufferOffset: 0,
      desiredDataTransferLength: LENGTH,
    };
    encodeR2t(pdu, header);
  }
  check(initiatorTaskTag(header), times - 1);
}

function decodesDataOut(times: number): void {
  const header = new Uint8Array(BHS_LENGTH);
  const tags = { lun: lunBytes(), initiatorTaskTag: 7, targetTransferTag: 8, expStatSN: 1 };
  encodeDataOut({ ...tags, final: true, dataSegmentLength: LENGTH, dataSN: 3, bufferOffset: 0 }, header);
  let sum = 0;
  for (let i = 0; i < times; i++) {
    putU32(header, BUFFER_OFFSET, i);
    if (!isFinal(header)) throw new Error('more data than there is');
    sum += initiatorTaskTag(header) + targetTransferTagOf(header) + dataSNOf(header);
    sum += bufferOffsetOf(header) + dataSegmentLength(header);
  }
  check(sum, sumBelow(times) + times * (7 + 8 + 3 + LENGTH));
}

function lunBytes(): Uint8Array {
  const lun = new Uint8Array(LUN_LENGTH);
  encodeLun(LUN, lun, 0);
  return lun;
}

/** 0 + 1 + ... up to `end`, which is not in it. */
function sumBelow(end: number): number {
  return (end * (end - 1)) / 2;
}

function check(found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} instead of ${expected}`);
}
