/** MODE SENSE (6), (10): SPC-4 6.11, 6.12. */
import { u8 } from '../../../wire/scsi/bytes.ts';
import { ModePageCode, modePageCodes, PageControl, Subpage } from '../../../wire/scsi/mode-pages.ts';
import { BlockDescriptor, encodeModeSense } from '../../../wire/scsi/mode-parameters.ts';
import { OpCode } from '../../../wire/scsi/opcodes.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import type { Reply } from '../reply-task.ts';
import type { TaskUnit } from '../task-unit.ts';

const DBD = 0x08;
const LLBAA = 0x10;

export const modeSense: Reply = (unit, cdb) => {
  const pages = pagesFor(unit, u8(cdb, 2), u8(cdb, 3));
  if (!Array.isArray(pages)) return pages as Sense;
  const tenByteHeader = u8(cdb, 0) === OpCode.modeSense10;
  const { blockCount, blockLength } = unit.identity;
  const descriptor = descriptorFor(u8(cdb, 1), tenByteHeader);
  const writeProtected = unit.writeProtection !== null;
  return encodeModeSense({ tenByteHeader, descriptor, blockCount, blockLength, writeProtected, pages });
};

function descriptorFor(byte1: number, tenByteHeader: boolean): BlockDescriptor {
  if ((byte1 & DBD) !== 0) return BlockDescriptor.none;
  return tenByteHeader && (byte1 & LLBAA) !== 0 ? BlockDescriptor.long : BlockDescriptor.short;
}

/** The pages that PAGE CONTROL, PAGE CODE and SUBPAGE CODE ask for. We have no subpages. */
function pagesFor(unit: TaskUnit, controlAndCode: number, subpage: number): Uint8Array[] | Sense {
  const control = controlAndCode >> 6;
  const code = controlAndCode & 0x3f;
  if (control === PageControl.saved && !unit.modes.canSave) return sense.savingNotSupported();
  if (subpage !== Subpage.none && subpage !== Subpage.all) return sense.invalidFieldInCdb();
  const codes = code === ModePageCode.all ? modePageCodes : [code];
  const pages: Uint8Array[] = [];
  for (const each of codes) {
    const page = unit.modes.page(each, control);
    if (page === null) return sense.invalidFieldInCdb();
    pages.push(page);
  }
  return pages;
}
