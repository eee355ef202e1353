/** The mode parameters of one unit, the same for all nexuses (SPC-4 5.10): current, default and saved ones. */
import type { DiskDone } from '../../env/disk.ts';
import type { RecordStore } from '../../stores/record/record-store.ts';
import {
  changeablePageCodes,
  decodeModePage,
  encodeModeMask,
  encodeModePage,
  type ModeName,
  type ModeValues,
  modeNames,
  modePageKey,
  PageControl,
  splitModePages,
} from '../../wire/scsi/mode-pages.ts';

export interface ModeParametersOptions {
  /** Null: nothing can be saved. */
  readonly store: RecordStore | null;
  /** Whether the unit's store has a write cache: without one there is none to be enabled. */
  readonly writeCache: boolean;
}

export class ModeParameters {
  current: ModeValues;
  readonly #store: RecordStore | null;
  readonly #defaults: ModeValues;
  readonly #changeable: ReadonlySet<ModeName>;
  #saved: ModeValues;

  constructor({ store, writeCache }: ModeParametersOptions) {
    this.#store = store;
    this.#defaults = {
      writeCacheEnabled: writeCache,
      descriptorSense: false,
      softwareWriteProtect: false,
      taskAbortedStatus: false,
    };
    this.#changeable = new Set(modeNames.filter((name) => name !== 'writeCacheEnabled' || writeCache));
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

  /** As PAGE CONTROL asks for it; null for a page that there is not. */
  page(code: number, control: number): Uint8Array | null {
    switch (control) {
      case PageControl.changeable:
        return encodeModeMask(code, this.#changeable, this.canSave);
      case PageControl.defaults:
        return encodeModePage(code, this.#defaults, this.canSave);
      case PageControl.saved:
        return encodeModePage(code, this.#saved, this.canSave);
      default:
        return encodeModePage(code, this.current, this.canSave);
    }
  }

  /** The values with a page of MODE SELECT in force; null where it changes what can't be changed, or is none of ours. */
  changedBy(page: Uint8Array, values: ModeValues): ModeValues | null {
    const code = modePageKey(page);
    const now = encodeModePage(code, values, this.canSave);
    const mask = encodeModeMask(code, this.#changeable, this.canSave);
    if (now === null || mask === null || page.length !== now.length) return null;
    const allowed = page.every((byte, at) => at === 0 || ((byte ^ (now[at] ?? 0)) & ~(mask[at] ?? 0)) === 0);
    return allowed ? decodeModePage(page, values) : null;
  }

  /** Calls back when the values would survive a power cut. One at a time, and only where `canSave`. */
  save(values: ModeValues, done: DiskDone): void {
    if (this.#store === null) throw new Error('mode parameters without a place to save them');
    const pages = changeablePageCodes.flatMap((code) => [...(encodeModePage(code, values, true) ?? [])]);
    this.#store.save(Uint8Array.from(pages), (error) => {
      if (error === null) this.#saved = values;
      done(error);
    });
  }

  /** A release that knows more pages, or fewer, may have saved them: what we have of them counts, for the rest the defaults. */
  #restored(record: Uint8Array | null): ModeValues {
    const pages = record === null ? [] : splitModePages(record);
    if (pages === null) throw new Error('saved mode pages in a format that is not known');
    const saved = pages.reduce((values, page) => decodeModePage(page, values), this.#defaults);
    return this.#changeable.has('writeCacheEnabled') ? saved : { ...saved, writeCacheEnabled: false };
  }
}
