import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf, pathError, UserError } from './user-error.ts';

const contents = z.record(z.string(), z.string());

/**
 * Remembers, in the state folder, which units have had their file made. A file that was there and is missing must
 * not be made anew: that would be silent loss of all its data.
 */
export class MadeStores {
  readonly #folder: string;
  readonly #path: string;
  readonly #pathByUnit: Map<string, string>;

  constructor(stateFolder: string) {
    this.#folder = stateFolder;
    this.#path = join(stateFolder, 'made-stores.json');
    this.#pathByUnit = new Map(Object.entries(this.#read()));
  }

  has(unit: string, path: string): boolean {
    return this.#pathByUnit.get(unit) === path;
  }

  /** Durable when it returns. */
  add(made: readonly { readonly unit: string; readonly path: string }[]): void {
    if (made.length === 0) return;
    for (const { unit, path } of made) this.#pathByUnit.set(unit, path);
    const temporary = `${this.#path}.new`;
    writeDurably(temporary, `${JSON.stringify(Object.fromEntries(this.#pathByUnit), null, 2)}\n`);
    renameSync(temporary, this.#path);
    const folder = openSync(this.#folder, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }

  #read(): Record<string, string> {
    try {
      return contents.parse(JSON.parse(readFileSync(this.#path, 'utf8')));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return {};
      if (errnoOf(error) !== 'unknown') throw pathError('cannot read', this.#path, error);
      throw new UserError(
        `${this.#path} is damaged: it lists the unit files that were made. If they are all in their places, remove it`,
      );
    }
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w', 0o600);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
}
