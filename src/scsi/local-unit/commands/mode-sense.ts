/** MODE SENSE (6), (10): SPC-4 6.11, 6.12. */
import { u8 } from '../../../wire/scsi/bytes.ts';
import { ALL_PAGES, PageControl, Subpage } from '../../../wire/scsi/mode-pages.ts';
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

/** The pages that PAGE CONTROL, PAGE CODE and SUBPAGE CODE ask for. */
function pagesFor({ modes }: TaskUnit, controlAndCode: number, subpage: number): Uint8Array[] | Sense {
  const control = controlAndCode >> 6;
  if (control === PageControl.saved && !modes.canSave) return sense.savingNotSupported();
  const wanted = modes.pages.filter((page) => isWanted(page, controlAndCode & ALL_PAGES, subpage));
  if (wanted.length === 0) return sense.invalidFieldInCdb();
  return wanted.flatMap((page) => modes.page(page, control) ?? []);
}

function isWanted(page: number, code: number, subpage: number): boolean {
  const sameCode = code === ALL_PAGES || (page & ALL_PAGES) === code;
  // Of all pages at once, the subpages are to be had all together, or not at all.
  const known = code !== ALL_PAGES || subpage === Subpage.none || subpage === Subpage.all;
  return sameCode && known && (subpage === Subpage.all || page >> 8 === subpage);
}
