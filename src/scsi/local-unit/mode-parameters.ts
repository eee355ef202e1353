/** The mode parameters of one unit, the same for all nexuses (SPC-4 5.10): current, default and saved ones. */
import type { DiskDone } from '../../env/disk.ts';
import type { RecordStore } from '../../stores/record/record-store.ts';
import {
  decodeModePage,
  encodeModeMask,
  encodeModePage,
  isPageOf,
  type ModeContents,
  type ModeName,
  type ModeValues,
  modeContents,
  modeNames,
  modePageOf,
  PageControl,
  splitModePages,
} from '../../wire/scsi/mode-pages.ts';

export interface ModeParametersOptions {
  /** Null: nothing can be saved. */
  readonly store: RecordStore | null;
  /** Whether the unit's store has a write cache: without one there is none to be enabled. */
  readonly writeCache: boolean;
  /** Of free space, in threshold sets; null: there is none to be told of. */
  readonly threshold: number | null;
}

export class ModeParameters {
  current: ModeValues;
  readonly #store: RecordStore | null;
  readonly #contents: ModeContents;
  readonly #defaults: ModeValues;
  readonly #changeable: ReadonlySet<ModeName>;
  #saved: ModeValues;

  constructor({ store, writeCache, threshold }: ModeParametersOptions) {
    this.#store = store;
    this.#contents = modeContents(threshold);
    this.#defaults = {
      provisioningReporting: threshold !== null,
      writeCacheEnabled: writeCache,
      descriptorSense: false,
      softwareWriteProtect: false,
      taskAbortedStatus: false,
    };
    // What the unit has not can't be enabled.
    const fixed = new Set<ModeName>();
    if (!writeCache) fixed.add('writeCacheEnabled');
    if (threshold === null) fixed.add('provisioningReporting');
    this.#changeable = new Set(modeNames.filter((name) => !fixed.has(name)));
    this.#saved = this.#restored(store?.saved ?? null);
    this.current = this.#saved;
  }

  /** What was saved last, or the defaults: what a reset brings back (SPC-4 5.10). */
  get saved(): ModeValues {
    return this.#saved;
  }

  get canSave(): boolean {
    return this.#store !== null;
  }

  /** All that there are (ModePage), ascending by code and subpage code. */
  get pages(): readonly number[] {
    return [...this.#contents.keys()];
  }

  /** As PAGE CONTROL asks for it; null for a page that there is not. */
  page(page: number, control: number): Uint8Array | null {
    switch (control) {
      case PageControl.changeable:
        return encodeModeMask(this.#contents, page, this.#changeable, this.#canSavePage(page));
      case PageControl.defaults:
        return this.#encode(page, this.#defaults);
      case PageControl.saved:
        return this.#encode(page, this.#saved);
      default:
        return this.#encode(page, this.current);
    }
  }

  /** The values with a page of MODE SELECT in force; null where it changes what can't be changed, or is none of ours. */
  changedBy(bytes: Uint8Array, values: ModeValues): ModeValues | null {
    const page = modePageOf(bytes);
    const now = this.#encode(page, values);
    const mask = this.page(page, PageControl.changeable);
    if (now === null || mask === null || bytes.length !== now.length) return null;
    // Byte 0 names the page, with PS or without.
    const allowed = bytes.every((byte, at) => at === 0 || ((byte ^ (now[at] ?? 0)) & ~(mask[at] ?? 0)) === 0);
    return allowed ? decodeModePage(bytes, values) : null;
  }

  /** Calls back when the values would survive a power cut. One at a time, and only where `canSave`. */
  save(values: ModeValues, done: DiskDone): void {
    if (this.#store === null) throw new Error('mode parameters without a place to save them');
    const saved = this.pages.filter((page) => this.#canSavePage(page));
    const pages = saved.flatMap((page) => [...(this.#encode(page, values) ?? [])]);
    this.#store.save(Uint8Array.from(pages), (error) => {
      if (error === null) this.#saved = values;
      done(error);
    });
  }

  #encode(page: number, values: ModeValues): Uint8Array | null {
    return encodeModePage(this.#contents, page, values, this.#canSavePage(page));
  }

  #canSavePage(page: number): boolean {
    return this.canSave && isPageOf(page, this.#changeable);
  }

  /** A release that knows more pages, or fewer, may have saved them: what we have of them counts, for the rest the defaults. */
  #restored(record: Uint8Array | null): ModeValues {
    const pages = record === null ? [] : splitModePages(record);
    if (pages === null) throw new Error('saved mode pages in a format that is not known');
    const saved = pages.reduce((values, page) => decodeModePage(page, values), this.#defaults);
    const values = modeNames.map((name) => [
      name,
      (this.#changeable.has(name) ? saved : this.#defaults)[name],
    ]);
    return Object.fromEntries(values) as ModeValues;
  }
}
