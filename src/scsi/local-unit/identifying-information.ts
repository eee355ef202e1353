import type { DiskDone } from '../../env/disk.ts';
import type { RecordStore } from '../../stores/record/record-store.ts';

const VERSION = 1;

/** What hosts have written into a unit to tell it by (SPC-4 5.6). */
export interface Identifying {
  readonly identifier: Uint8Array;
  readonly text: Uint8Array;
}

const NOTHING: Identifying = { identifier: new Uint8Array(0), text: new Uint8Array(0) };

/** The identifying information of one unit. It outlives resets and, with a store, power loss. */
export class IdentifyingInformation {
  readonly #store: RecordStore | null;
  #current: Identifying;

  constructor(store: RecordStore | null) {
    this.#store = store;
    const saved = store?.saved ?? null;
    this.#current = saved === null ? NOTHING : decode(saved);
  }

  get current(): Identifying {
    return this.#current;
  }

  /** Calls back when `next` is in force, and on disk first; or with what went wrong: then nothing has changed. One at a time. */
  set(next: Identifying, done: DiskDone): void {
    const decided: DiskDone = (error) => {
      if (error === null) this.#current = next;
      done(error);
    };
    if (this.#store === null) decided(null);
    else this.#store.save(encode(next), decided);
  }
}

function encode({ identifier, text }: Identifying): Uint8Array {
  return Buffer.from(JSON.stringify({ version: VERSION, identifier: hexOf(identifier), text: hexOf(text) }));
}

/** Throws where the bytes are none of `encode`'s: their store gives them back as they were, or not at all. */
function decode(bytes: Uint8Array): Identifying {
  const saved: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (typeof saved !== 'object' || saved === null) throw unknownFormat();
  const { version, identifier, text }: Record<string, unknown> = { ...saved };
  if (version !== VERSION || typeof identifier !== 'string' || typeof text !== 'string')
    throw unknownFormat();
  return { identifier: bytesOf(identifier), text: bytesOf(text) };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function unknownFormat(): Error {
  return new Error('saved identifying information in a format that is not known');
}
