/** WRITE USING TOKEN (SBC-3 5.46): the data is read from the unit that the token is of, whose owner says whether the token is good. */
import { CopyLimits } from '../../limits.ts';
import { u32 } from '../../wire/scsi/bytes.ts';
import type { CopyProgress } from '../../wire/scsi/copy/copy-results.ts';
import { ListIdUsage } from '../../wire/scsi/copy/extended-copy.ts';
import { type RodTokenMistake, readRodToken } from '../../wire/scsi/copy/rod-token.ts';
import {
  decodeTokenRanges,
  decodeWriteUsingToken,
  type TokenListMistake,
  type TokenRange,
  type WriteUsingTokenList,
} from '../../wire/scsi/copy/token-lists.ts';
import { OpCode, ServiceAction } from '../../wire/scsi/opcodes.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import { rodTokenKey } from '../rod-token-key.ts';
import { CopyOutTask } from './copy-out-task.ts';
import { findUnit } from './copy-plan.ts';
import { planFromToken, planZeroes } from './token-plan.ts';

const LIST_IDENTIFIER_AT = 6;
const ILLEGAL_REQUEST = 0x5;
const COPY_ABORTED = 0xa;

export class WriteUsingTokenTask extends CopyOutTask {
  protected override readonly blockLength = this.unit.identity.blockLength;
  /** Bytes that the ranges want. */
  #wanted = 0;

  override get progress(): CopyProgress {
    return { ...super.progress, segments: 0 };
  }

  protected listReceived(bytes: Uint8Array): void {
    const list = decodeWriteUsingToken(bytes);
    if (typeof list === 'string') return this.fail(senseOfListMistake(list));
    const problem =
      this.identify(u32(this.command.cdb, LIST_IDENTIFIER_AT), ListIdUsage.hold) ??
      this.#rangeMistake(list.ranges);
    if (problem !== null) return this.fail(problem);
    const token = readRodToken(list.token);
    if (token === 'zero') return this.copy({ token: null, plan: planZeroes(list.ranges, this.unit) });
    if (typeof token === 'string') return this.fail(senseOfTokenMistake(token));
    this.#copyFrom(list, token.creatorNaa);
  }

  /** SBC-3 4.28.2: what is short of the ranges is told by its count of blocks. */
  protected copied(failure: Sense | null): void {
    const { bytes } = this.progress;
    if (failure === null && bytes === this.#wanted) return this.finish(Status.good, null);
    if (failure !== null && bytes === 0 && failure.key === ILLEGAL_REQUEST) {
      const { key, asc, ascq } = failure;
      return this.fail({ key, asc, ascq, information: null });
    }
    if (failure?.asc === sense.copyCleared().asc) return this.fail(failure);
    this.fail({
      ...sense.copyTargetUnderrun(),
      key: bytes === 0 ? ILLEGAL_REQUEST : COPY_ABORTED,
      information: bytes / this.blockLength,
      ...(failure?.copy === undefined ? {} : { copy: failure.copy }),
    });
  }

  #rangeMistake(ranges: readonly TokenRange[]): Sense | null {
    const { blockCount, blockLength } = this.unit.identity;
    for (const { lba, blocks } of ranges) {
      if (lba + blocks > blockCount) return sense.lbaOutOfRange();
      this.#wanted += blocks * blockLength;
    }
    return this.#wanted > CopyLimits.maxTokenBytes ? sense.invalidFieldInParameterList() : null;
  }

  /** A unit that this initiator is not shown is one that can't be reached. */
  #copyFrom(list: WriteUsingTokenList, creatorNaa: Uint8Array): void {
    const source = findUnit(creatorNaa, this.map);
    if (source === null) return this.fail(sense.copyTargetNotReachable());
    const plan = (ranges: Uint8Array) => planFromToken(list, decodeTokenRanges(ranges), source, this.unit);
    this.copy({ token: { unit: source, cdb: tokenQuery(list.token), plan }, plan: [] });
  }
}

/** RECEIVE ROD TOKEN INFORMATION with the token's key behind it: for the owner of the token's unit. */
function tokenQuery(token: Uint8Array): Uint8Array {
  const key = rodTokenKey(token);
  const cdb = new Uint8Array(16 + key.length);
  cdb[0] = OpCode.thirdPartyCopyIn;
  cdb[1] = ServiceAction.receiveRodTokenInformation;
  cdb.set([0, 0, 0x10, 0], 10);
  cdb.set(key, 16);
  return cdb;
}

function senseOfListMistake(mistake: TokenListMistake): Sense {
  switch (mistake) {
    case 'wrongLength':
      return sense.parameterListLengthError();
    case 'invalid':
      return sense.invalidFieldInParameterList();
    case 'tooManyRanges':
      return sense.tooManySegmentDescriptors();
    default:
      return mistake satisfies never;
  }
}

function senseOfTokenMistake(mistake: RodTokenMistake): Sense {
  switch (mistake) {
    case 'wrongLength':
      return sense.invalidTokenLength();
    case 'unknownType':
      return sense.unsupportedTokenType();
    case 'corrupt':
      return sense.tokenCorrupt();
    default:
      return mistake satisfies never;
  }
}
