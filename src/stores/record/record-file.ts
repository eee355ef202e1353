import assert from 'node:assert/strict';
import type { Disk, DiskDone, DiskFile } from '../../env/disk.ts';
import { crc32c } from '../../wire/crc32c.ts';
import { putU32, u32 } from '../../wire/scsi/bytes.ts';

/** Slots begin and end with what a disk writes as a whole. */
const SECTOR = 512;
/** MAGIC, sequence number, length of the record, CRC32C of these three and the record: four words. */
const HEADER_LENGTH = 16;
const LENGTH_AT = 8;
const CHECKSUM_AT = 12;
/** 'CPRF' */
const MAGIC = 0x43505246;

interface Slot {
  readonly sequence: number;
  readonly record: Uint8Array;
}

/**
 * A file that keeps one record of a few kilobytes, replaced whole or not at all: two slots, which are written in turn. A write
 * that was cut off leaves a slot that does not check, beside the one with the record before it.
 */
export class RecordFile {
  /** The record that was found when the file was opened; null where there was none yet. */
  readonly saved: Uint8Array | null;
  readonly #file: DiskFile;
  #sequence: number;
  #busy = false;

  /** The file is this object's from here. `slots`: what is in each of the two, to the end of its record at least. */
  constructor(file: DiskFile, slots: readonly Uint8Array[]) {
    const found =
      slots
        .map(decodeSlot)
        .filter((slot) => slot !== null)
        .toSorted((a, b) => b.sequence - a.sequence)[0] ?? null;
    this.saved = found?.record ?? null;
    this.#sequence = found?.sequence ?? 0;
    this.#file = file;
  }

  /** Calls back when the record would survive a power cut. One at a time. Where it fails, the one before it is still there. */
  save(record: Uint8Array, done: DiskDone): void {
    const slotLength = this.#file.byteLength / 2;
    assert.ok(!this.#busy && HEADER_LENGTH + record.length <= slotLength);
    this.#busy = true;
    const sequence = this.#sequence + 1;
    this.#file.write(encodeSlot({ sequence, record }), (sequence % 2) * slotLength, true, (error) => {
      this.#busy = false;
      if (error === null) this.#sequence = sequence;
      done(error);
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Bytes of a file for records of `capacity` bytes. */
export function recordFileLength(capacity: number): number {
  return 2 * Math.ceil((HEADER_LENGTH + capacity) / SECTOR) * SECTOR;
}

/** Opens the file, or makes it. Rejects as `Disk` does, and with 'EINVAL' where it has another length. */
export async function openRecordFile(disk: Disk, path: string, capacity: number): Promise<RecordFile> {
  const byteLength = recordFileLength(capacity);
  const file = await openOrMake(disk, path, byteLength);
  try {
    if (file.byteLength !== byteLength) {
      throw Object.assign(new Error(`${path} has not the length of a record file`), { code: 'EINVAL' });
    }
    return new RecordFile(file, [await readSlot(file, 0), await readSlot(file, byteLength / 2)]);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** To look first is what makes a start with thousands of records quick: making a file flushes. */
async function openOrMake(disk: Disk, path: string, byteLength: number): Promise<DiskFile> {
  try {
    return await disk.openFile(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  await disk.createFile(path, byteLength);
  return disk.openFile(path);
}

/** The slots of a file whose contents are at hand. */
export function slotsIn(contents: Uint8Array): Uint8Array[] {
  const slotLength = contents.length / 2;
  return [contents.subarray(0, slotLength), contents.subarray(slotLength)];
}

/** No more than there is: an empty record of a megabyte, a thousand times, makes a start slow. */
async function readSlot(file: DiskFile, start: number): Promise<Uint8Array> {
  const header = new Uint8Array(SECTOR);
  await readInto(file, header, start);
  const end = HEADER_LENGTH + u32(header, LENGTH_AT);
  if (u32(header, 0) !== MAGIC || end <= SECTOR || end > file.byteLength / 2) return header;
  const slot = new Uint8Array(end);
  slot.set(header);
  await readInto(file, slot.subarray(SECTOR), start + SECTOR);
  return slot;
}

function readInto(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    file.read(bytes, position, (code) => {
      if (code === null) resolve();
      else reject(Object.assign(new Error('cannot be read'), { code }));
    });
  });
}

function encodeSlot({ sequence, record }: Slot): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((HEADER_LENGTH + record.length) / SECTOR) * SECTOR);
  putU32(bytes, 0, MAGIC);
  putU32(bytes, 4, sequence);
  putU32(bytes, LENGTH_AT, record.length);
  bytes.set(record, HEADER_LENGTH);
  putU32(bytes, CHECKSUM_AT, checksum(bytes.subarray(0, CHECKSUM_AT), record));
  return bytes;
}

function decodeSlot(bytes: Uint8Array): Slot | null {
  const length = u32(bytes, LENGTH_AT);
  if (u32(bytes, 0) !== MAGIC || HEADER_LENGTH + length > bytes.length) return null;
  const record = bytes.slice(HEADER_LENGTH, HEADER_LENGTH + length);
  if (u32(bytes, CHECKSUM_AT) !== checksum(bytes.subarray(0, CHECKSUM_AT), record)) return null;
  return { sequence: u32(bytes, 4), record };
}

function checksum(header: Uint8Array, record: Uint8Array): number {
  return crc32c(record, crc32c(header));
}
