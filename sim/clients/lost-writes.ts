import type { WriteRecord } from '../checkers/history.ts';
import type { Path } from './path.ts';

/** Writes whose session ended without their answer, by path, until a new session has taken its place. They outlive the client. */
export class LostWrites {
  readonly #byPath = new Map<string, WriteRecord[]>();

  add({ options }: Path, write: WriteRecord): void {
    const lost = this.#byPath.get(options.isid) ?? [];
    lost.push(write);
    this.#byPath.set(options.isid, lost);
  }

  take({ options }: Path): readonly WriteRecord[] {
    const lost = this.#byPath.get(options.isid) ?? [];
    this.#byPath.delete(options.isid);
    return lost;
  }
}
