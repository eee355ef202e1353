/** MODE SELECT (6), (10): SPC-4 6.9, 6.10. A list with something in it that can't be changed changes nothing. */
import { u8, u16 } from '../../../wire/scsi/bytes.ts';
import type { ModeValues } from '../../../wire/scsi/mode-pages.ts';
import { decodeModeSelect, type ModeSelectList } from '../../../wire/scsi/mode-parameters.ts';
import { OpCode } from '../../../wire/scsi/opcodes.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { DataOutTask } from '../data-out-task.ts';

const PF = 0x10;
const SP = 0x01;

export class ModeSelectTask extends DataOutTask {
  prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const pageFormat = (u8(cdb, 1) & PF) !== 0;
    if (!pageFormat || (this.#savesPages && !this.unit.modes.canSave)) return sense.invalidFieldInCdb();
    const listLength = this.#tenByteHeader ? u16(cdb, 7) : u8(cdb, 4);
    this.presentedLength = listLength;
    if (dataOutLength < listLength) return sense.parameterListLengthError();
    this.wantWhole(listLength);
    return null;
  }

  protected segment(bytes: Uint8Array): void {
    const list = decodeModeSelect(bytes, this.#tenByteHeader);
    if (list === 'tooShort') return this.fail(sense.parameterListLengthError());
    const values = list === 'invalid' ? null : this.#valuesOf(list);
    if (values === null) return this.fail(sense.invalidFieldInParameterList());
    this.#settle(values, () => this.segmentDone());
  }

  /** Of an empty list there is only SP to obey. */
  protected allDone(): void {
    if (this.presentedLength > 0) return this.succeed();
    this.#settle(this.unit.modes.current, () => this.succeed());
  }

  get #tenByteHeader(): boolean {
    return u8(this.command.cdb, 0) === OpCode.modeSelect10;
  }

  get #savesPages(): boolean {
    return (u8(this.command.cdb, 1) & SP) !== 0;
  }

  #valuesOf(list: ModeSelectList): ModeValues | null {
    const { blockCount, blockLength } = this.unit.identity;
    if (list.blocks !== null) {
      // SBC-3 6.5.2: a count of 0, or of all ones, leaves the capacity as it is.
      const sameCount = [0, blockCount, 0xffff_ffff, Number.POSITIVE_INFINITY].includes(list.blocks.count);
      if (!sameCount || list.blocks.length !== blockLength) return null;
    }
    let values: ModeValues | null = this.unit.modes.current;
    for (const page of list.pages) if (values !== null) values = this.unit.modes.changedBy(page, values);
    return values;
  }

  /**
   * What was acknowledged from the cache is made durable before the initiator hears that there is no cache, or no writing, any
   * more. SP saves all pages (6.9), those that were not sent too; nothing is in force that could not be saved.
   */
  #settle(values: ModeValues, then: () => void): void {
    const { modes, store } = this.unit;
    const { current } = modes;
    const losesCache = current.writeCacheEnabled && !values.writeCacheEnabled;
    const losesWriting = !current.softwareWriteProtect && values.softwareWriteProtect;
    const save = () => {
      if (!this.#savesPages) return this.#becomeValid(values, then);
      this.callStore(
        'write',
        (done) => modes.save(values, done),
        () => this.#becomeValid(values, then),
      );
    };
    if (losesCache || losesWriting) this.callStore('write', (done) => store.flush(done), save);
    else save();
  }

  #becomeValid(values: ModeValues, then: () => void): void {
    this.unit.changeModes(values, this.command.nexus);
    then();
  }
}
