/** Files and block devices as the stores see them. */

/** The name of an errno: 'EIO', 'ENOSPC', 'ENOENT', 'EROFS', ... */
export type Errno = string;

/** Called exactly once, possibly before the call that it belongs to has returned. */
export type DiskDone = (error: Errno | null) => void;

/** Default: 'readWrite'. */
export type Access = 'readWrite' | 'readOnly';

export interface Disk {
  /** Rejects with an Error whose `code` is the errno name. */
  openFile(path: string, access?: Access): Promise<DiskFile>;
  /**
   * Makes a sparse file of `byteLength` bytes that reads as zeroes, flushed with its directory entry, unless there is one already. Says whether it made one.
   */
  createFile(path: string, byteLength: number): Promise<boolean>;
  /** A block device, with exclusive use where the kernel gives it. `direct`: past the page cache. */
  openDevice(path: string, access?: Access, direct?: boolean): Promise<DiskFile>;
}

export interface Extent {
  readonly position: number;
  readonly length: number;
  /** False for a hole, which reads as zeroes. */
  readonly allocated: boolean;
}

/** In bytes: what a file takes on its medium, and what is free there, for it and for others. */
export interface Space {
  readonly usedBytes: number;
  readonly freeBytes: number;
}

/** An open file or device. Positions and lengths are in bytes. */
export interface DiskFile {
  /** As it was opened, or as it was grown to. */
  readonly byteLength: number;
  /** Bytes that the medium reads and writes at a time (a device's logical block; 1 for a file). */
  readonly blockLength: number;
  /** Whether ranges can be discarded, and are certain to read as zeroes afterwards. Of a file that is only read: true. */
  readonly discardZeroes: boolean;
  /**
   * Reads only what needs no waiting (the page cache). Gives the number of bytes read from the start, 0 or more; the caller reads the rest with `read`.
   */
  readCached(buffer: Uint8Array, position: number): number;
  /** Fills the buffer. A read past the end of file is the error 'EIO'. */
  read(buffer: Uint8Array, position: number, done: DiskDone): void;
  /** Writes the whole buffer; `durable`: and calls back only once it would survive a power cut (RWF_DSYNC). */
  write(buffer: Uint8Array, position: number, durable: boolean, done: DiskDone): void;
  /** fdatasync: all writes that were called back before this call are durable when it calls back. */
  flush(done: DiskDone): void;
  /** Deallocates the range where the medium can, and fails where it can't; where `discardZeroes` it then reads as zeroes. */
  discard(position: number, length: number, done: DiskDone): void;
  /** The range reads as zeroes afterwards; allocation is the medium's choice. */
  writeZeroes(position: number, length: number, done: DiskDone): void;
  /** The extent that begins at `position`, at most to the end (SEEK_HOLE, SEEK_DATA). */
  extentAt(position: number, done: (error: Errno | null, extent: Extent | null) => void): void;
  /**
   * A file becomes this long, of zeroes at its end, durably; of a device it is found out whether it has become so. Never shorter: 'EINVAL' where a file
   * is longer than that already, 'ENOSPC' where a device is shorter.
   */
  grow(byteLength: number, done: DiskDone): void;
  /** Null without an error: the medium does not tell (a device). */
  space(done: (error: Errno | null, space: Space | null) => void): void;
  close(): Promise<void>;
}
