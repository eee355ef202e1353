/** MODE SELECT (6), (10): SPC-4 6.9, 6.10. WCE is all that can be changed; a list with anything else changes nothing. */
import { u8, u16 } from '../../../wire/scsi/bytes.ts';
import { encodeModePage, ModePageCode, writeCacheEnabledIn } from '../../../wire/scsi/mode-pages.ts';
import { decodeModeSelect, type ModeSelectList } from '../../../wire/scsi/mode-parameters.ts';
import { OpCode } from '../../../wire/scsi/opcodes.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { DataOutTask } from '../data-out-task.ts';

const PF = 0x10;
const SP = 0x01;

export class ModeSelectTask extends DataOutTask {
  prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const byte1 = u8(cdb, 1);
    if ((byte1 & PF) === 0 || (byte1 & SP) !== 0) return sense.invalidFieldInCdb();
    const listLength = this.#tenByteHeader ? u16(cdb, 7) : u8(cdb, 4);
    this.presentedLength = listLength;
    if (dataOutLength < listLength) return sense.parameterListLengthError();
    this.wantWhole(listLength);
    return null;
  }

  protected segment(bytes: Uint8Array): void {
    const list = decodeModeSelect(bytes, this.#tenByteHeader);
    if (list === 'tooShort') return this.fail(sense.parameterListLengthError());
    if (list === 'invalid' || !this.#acceptable(list)) {
      return this.fail(sense.invalidFieldInParameterList());
    }
    const caching = list.pages.findLast((page) => codeOf(page) === ModePageCode.caching);
    if (caching === undefined) return this.segmentDone();
    this.#setWriteCache(writeCacheEnabledIn(caching));
  }

  protected allDone(): void {
    this.succeed();
  }

  get #tenByteHeader(): boolean {
    return u8(this.command.cdb, 0) === OpCode.modeSelect10;
  }

  #acceptable(list: ModeSelectList): boolean {
    const { blockCount, blockLength } = this.unit.identity;
    if (list.blocks !== null) {
      // SBC-3 6.5.2: a count of 0, or of all ones, leaves the capacity as it is.
      const sameCount = [0, blockCount, 0xffff_ffff, Number.POSITIVE_INFINITY].includes(list.blocks.count);
      if (!sameCount || list.blocks.length !== blockLength) return false;
    }
    return list.pages.every((page) => this.#acceptablePage(page));
  }

  /** Every bit that can't be changed is as MODE SENSE gives it. A store without a cache can't be given one. */
  #acceptablePage(page: Uint8Array): boolean {
    const current = encodeModePage(codeOf(page), { writeCacheEnabled: this.unit.writeCacheEnabled });
    const changeable = encodeModePage(codeOf(page), null);
    if (current === null || changeable === null || page.length !== current.length) return false;
    if (codeOf(page) === ModePageCode.caching && writeCacheEnabledIn(page) && !this.unit.store.writeCache) {
      return false;
    }
    return page.every((byte, at) => ((byte ^ u8(current, at)) & ~u8(changeable, at)) === 0);
  }

  /** What was acknowledged from the cache is made durable before the initiator hears that there is none any more. */
  #setWriteCache(enabled: boolean): void {
    if (enabled === this.unit.writeCacheEnabled) return this.segmentDone();
    this.callStore(
      'write',
      (done) => this.unit.store.flush(done),
      () => {
        this.unit.writeCacheEnabled = enabled;
        this.unit.establishUnitAttention(sense.modeParametersChanged(), this.command.nexus);
        this.segmentDone();
      },
    );
  }
}

/** With the PS and SPF bits: of our pages neither is set. */
function codeOf(page: Uint8Array): number {
  return u8(page, 0);
}
