/** READ CAPACITY (10), (16), READ DEFECT DATA (10), (12): SBC-3 5.15 to 5.18. REPORT TIMESTAMP: SPC-4 6.40. */
import { u8 } from '../../../wire/scsi/bytes.ts';
import { OpCode } from '../../../wire/scsi/opcodes.ts';
import { encodeReadCapacity10, encodeReadCapacity16 } from '../../../wire/scsi/read-capacity.ts';
import { encodeTimestamp } from '../../../wire/scsi/timestamp.ts';
import type { Reply } from '../reply-task.ts';

export const readCapacity10: Reply = (unit) =>
  encodeReadCapacity10(unit.identity.blockCount, unit.identity.blockLength);

export const readCapacity16: Reply = (unit) => {
  const { blockCount, blockLength, physicalBlockLength, thinlyProvisioned } = unit.identity;
  const exponent = Math.log2(physicalBlockLength / blockLength);
  return encodeReadCapacity16(blockCount, blockLength, exponent, thinlyProvisioned);
};

/** Empty lists: byte 1 of the header repeats which of them and which format was asked for. */
export const readDefectData: Reply = (_unit, cdb) => {
  const twelve = u8(cdb, 0) === OpCode.readDefectData12;
  const bytes = new Uint8Array(twelve ? 8 : 4);
  bytes[1] = u8(cdb, twelve ? 1 : 2) & 0x1f;
  return bytes;
};

/** The owner's clock. Nobody can set it over SCSI: that is the host's business, and so SET TIMESTAMP is not supported. */
export const reportTimestamp: Reply = ({ clock }) => encodeTimestamp(clock.wallTime());
