/** POPULATE TOKEN (SBC-3 5.7), and what the owner has to say for RECEIVE ROD TOKEN INFORMATION. */
import { ScsiLimits } from '../../../limits.ts';
import { u32 } from '../../../wire/scsi/bytes.ts';
import { decodePopulateToken, encodeTokenRanges } from '../../../wire/scsi/copy/token-lists.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { DataOutTask } from '../data-out-task.ts';
import { ParameterDataTask } from '../reply-task.ts';

const LIST_IDENTIFIER_AT = 6;
const LIST_LENGTH_AT = 10;
const MIN_LIST_LENGTH = 16;
/** Of RECEIVE ROD TOKEN INFORMATION. */
const RECEIVE_IDENTIFIER_AT = 2;
const ALLOCATION_LENGTH_AT = 10;
const CDB_LENGTH = 16;

export class PopulateTokenTask extends DataOutTask {
  prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const listLength = u32(cdb, LIST_LENGTH_AT);
    const isShort = listLength > 0 && listLength < MIN_LIST_LENGTH;
    if (isShort || listLength > ScsiLimits.maxParameterListLength || dataOutLength < listLength) {
      return sense.parameterListLengthError();
    }
    this.presentedLength = listLength;
    this.wantWhole(listLength);
    return null;
  }

  protected segment(bytes: Uint8Array): void {
    const list = decodePopulateToken(bytes);
    if (list === 'wrongLength') return this.fail(sense.parameterListLengthError());
    if (list === 'tooManyRanges') return this.fail(sense.tooManySegmentDescriptors());
    if (list === 'invalid') return this.fail(sense.invalidFieldInParameterList());
    const { unit, command } = this;
    const problem =
      unit.tokens === null
        ? sense.insufficientRodResources()
        : unit.tokens.populate(command.nexus, u32(command.cdb, LIST_IDENTIFIER_AT), list, (first, end) =>
            unit.isChanging(first, end),
          );
    if (problem === null) this.segmentDone();
    else this.fail(problem);
  }

  protected allDone(): void {
    this.succeed();
  }
}

/**
 * For the copy manager where the command has arrived: the result of a POPULATE TOKEN of that nexus, or nothing, where the copy manager has
 * to look among its own. With a token's key behind the CDB: the ranges of the token, if it is good.
 */
export class RodTokenInformationTask extends ParameterDataTask {
  prepare(): null {
    return null;
  }

  protected run(): void {
    const { cdb, nexus } = this.command;
    const allocationLength = u32(cdb, ALLOCATION_LENGTH_AT);
    if (cdb.length > CDB_LENGTH) {
      const key = Buffer.from(cdb.subarray(CDB_LENGTH)).toString('hex');
      const ranges = this.unit.tokens?.rangesOf(key) ?? sense.tokenUnknown();
      return 'key' in ranges ? this.fail(ranges) : this.reply(encodeTokenRanges(ranges), allocationLength);
    }
    const listIdentifier = u32(cdb, RECEIVE_IDENTIFIER_AT);
    const result = this.unit.tokens?.result(nexus, listIdentifier, allocationLength) ?? new Uint8Array(0);
    this.reply(result, allocationLength);
  }
}
