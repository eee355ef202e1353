/** The PDUs that a command sends: Data-In, R2T, SCSI Response. One record of each kind serves all. */
import type { Lease } from '../../buffers/buffer-pool.ts';
import type { CommandResult } from '../../scsi/logical-unit.ts';
import { type DataIn, encodeDataIn } from '../../wire/iscsi/data-in.ts';
import { encodeR2t } from '../../wire/iscsi/r2t.ts';
import { encodeScsiResponse, encodeSenseSegment, type ScsiResponse } from '../../wire/iscsi/scsi-response.ts';
import type { Sense } from '../../wire/scsi/sense.ts';
import { encodeDescriptorSense, encodeSense } from '../../wire/scsi/sense-data.ts';
import type { Connection } from '../connection/connection.ts';
import type { Parameters } from '../login/parameters.ts';
import type { Numbering } from '../session/numbering.ts';
import { residualCount, residualFlags } from './residual.ts';

/** Where the answers of a command go (its connection allegiance, RFC 7143 4.2.5.1), and how they are counted. */
export interface AnswerPath {
  readonly connection: Connection;
  readonly parameters: Parameters;
  /** The session's. */
  readonly numbering: Numbering;
  /** The next answer's. Each connection counts its own (4.2.2.2). */
  readonly statSN: number;
  nextStatSN(): number;
  /** Sends an answer that has a StatSN of its own, and whose header is in `connection.header`. */
  sendAnswer(segment: Uint8Array | null): void;
}

const dataIn: DataIn = {
  final: false,
  withStatus: false,
  residualFlags: 0,
  status: 0,
  dataSegmentLength: 0,
  initiatorTaskTag: 0,
  statSN: 0,
  expCmdSN: 0,
  maxCmdSN: 0,
  dataSN: 0,
  bufferOffset: 0,
  residualCount: 0,
};

const response: ScsiResponse = {
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

/**
 * Sends `data` in as many PDUs as the initiator's limits make it, in sequences of at most MaxBurstLength (RFC 7143
 * 13.13), the last with the status where `result` is given. Gives the number of PDUs.
 */
export function sendDataIn(
  path: AnswerPath,
  tag: number,
  dataSN: number,
  offset: number,
  data: Lease,
  result: CommandResult | null,
  expected: number,
): number {
  const { maxSendSegmentLength, maxBurstLength } = path.parameters;
  const total = data.bytes.length;
  let count = 0;
  let burstLeft = maxBurstLength;
  for (let at = 0; at < total; count += 1) {
    const length = Math.min(total - at, maxSendSegmentLength, burstLeft);
    const last = at + length === total;
    burstLeft = burstLeft === length ? maxBurstLength : burstLeft - length;
    dataIn.initiatorTaskTag = tag;
    dataIn.dataSN = dataSN + count;
    dataIn.bufferOffset = offset + at;
    dataIn.dataSegmentLength = length;
    dataIn.final = last || burstLeft === maxBurstLength;
    putStatus(path, last ? result : null, expected);
    encodeDataIn(dataIn, path.connection.header);
    const whole = length === total;
    path.connection.send(whole ? data.bytes : data.bytes.subarray(at, at + length), last ? data : null);
    at += length;
  }
  return count;
}

function putStatus(path: AnswerPath, result: CommandResult | null, expected: number): void {
  dataIn.withStatus = result !== null;
  dataIn.statSN = result === null ? 0 : path.nextStatSN();
  dataIn.expCmdSN = path.numbering.expCmdSN;
  dataIn.maxCmdSN = path.numbering.maxCmdSN;
  if (result === null) return;
  dataIn.status = result.status;
  dataIn.residualFlags = residualFlags(result.presentedLength, expected);
  dataIn.residualCount = residualCount(result.presentedLength, expected);
}

/** `dataPdus`: how many Data-In and R2T PDUs the command has sent. `descriptorSense`: the format of the unit's sense data. */
export function sendResponse(
  path: AnswerPath,
  tag: number,
  dataPdus: number,
  result: CommandResult,
  expected: number,
  descriptorSense: boolean,
): void {
  const segment = result.sense === null ? null : senseSegment(result.sense, descriptorSense);
  response.initiatorTaskTag = tag;
  response.status = result.status;
  response.dataSegmentLength = segment?.length ?? 0;
  response.residualFlags = residualFlags(result.presentedLength, expected);
  response.residualCount = residualCount(result.presentedLength, expected);
  response.expDataSN = dataPdus;
  response.statSN = path.nextStatSN();
  response.expCmdSN = path.numbering.expCmdSN;
  response.maxCmdSN = path.numbering.maxCmdSN;
  encodeScsiResponse(response, path.connection.header);
  path.sendAnswer(segment);
}

function senseSegment(sense: Sense, inDescriptors: boolean): Uint8Array {
  return encodeSenseSegment(inDescriptors ? encodeDescriptorSense(sense) : encodeSense(sense));
}

export function sendR2t(
  path: AnswerPath,
  lun: Uint8Array,
  tag: number,
  transferTag: number,
  r2tSN: number,
  offset: number,
  length: number,
): void {
  const { expCmdSN, maxCmdSN } = path.numbering;
  const pdu = {
    lun,
    initiatorTaskTag: tag,
    targetTransferTag: transferTag,
    statSN: path.statSN,
    expCmdSN,
    maxCmdSN,
    r2tSN,
    bufferOffset: offset,
    desiredDataTransferLength: length,
  };
  encodeR2t(pdu, path.connection.header);
  path.connection.send(null, null);
}
