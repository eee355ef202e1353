/** REPORT and SET IDENTIFYING INFORMATION: SPC-4 6.32, 6.45. */
import { ScsiLimits } from '../../../limits.ts';
import { u8, u32 } from '../../../wire/scsi/bytes.ts';
import {
  encodeIdentifyingInformation,
  encodeSupportedInformation,
  InformationType,
} from '../../../wire/scsi/identifying-information.ts';
import { atCdbField, type Sense, sense } from '../../../wire/scsi/sense.ts';
import { DataOutTask } from '../data-out-task.ts';
import type { Identifying } from '../identifying-information.ts';
import type { Reply } from '../reply-task.ts';

const TYPE_AT = 10;
const LENGTH_AT = 6;

const types = [
  { type: InformationType.identifier, most: ScsiLimits.maxIdentifierBytes },
  { type: InformationType.text, most: ScsiLimits.maxIdentifyingTextBytes },
] as const;

function typeOf(cdb: Uint8Array): number {
  return u8(cdb, TYPE_AT) >> 1;
}

function wrongType(): Sense {
  return atCdbField(sense.invalidFieldInCdb(), TYPE_AT, 7);
}

export const reportIdentifyingInformation: Reply = ({ identifying }, cdb) => {
  switch (typeOf(cdb)) {
    case InformationType.identifier:
      return encodeIdentifyingInformation(identifying.current.identifier);
    case InformationType.text:
      return encodeIdentifyingInformation(identifying.current.text);
    case InformationType.supported:
      return encodeSupportedInformation(types);
    default:
      return wrongType();
  }
};

/** GOOD when the information is on disk. A list of no length takes it away. */
export class SetIdentifyingInformationTask extends DataOutTask {
  #next: Uint8Array = new Uint8Array(0);

  prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const known = types.find(({ type }) => type === typeOf(cdb));
    if (known === undefined) return wrongType();
    const listLength = u32(cdb, LENGTH_AT);
    if (listLength > known.most) return atCdbField(sense.invalidFieldInCdb(), LENGTH_AT);
    if (dataOutLength < listLength) return sense.parameterListLengthError();
    this.presentedLength = listLength;
    this.wantWhole(listLength);
    return null;
  }

  protected segment(list: Uint8Array): void {
    if (this.#isText && list.at(-1) !== 0) return this.fail(sense.invalidFieldInParameterList());
    this.#next = list.slice();
    this.segmentDone();
  }

  protected allDone(): void {
    const { identifying } = this.unit;
    const next: Identifying = this.#isText
      ? { ...identifying.current, text: this.#next }
      : { ...identifying.current, identifier: this.#next };
    this.callStore(
      'write',
      (done) =>
        identifying.set(next, (error) => {
          // Told even where the command was aborted meanwhile: the information has changed.
          if (error === null) {
            this.unit.establishUnitAttention(sense.deviceIdentifierChanged(), this.command.nexus);
          }
          done(error);
        }),
      () => this.succeed(),
    );
  }

  get #isText(): boolean {
    return typeOf(this.command.cdb) === InformationType.text;
  }
}
