/** Bugs that are put into the product's classes for the length of a run, to see whether the simulator finds them. */

import { Status } from '../../src/wire/scsi/status.ts';

export type Writable<T> = { -readonly [Key in keyof T]: number };

export const goodAtOnce = { status: Status.good, sense: null, presentedLength: 0 };

/** Every so many calls: a bug that always struck would be too easy. */
export function oneIn(calls: number): () => boolean {
  let count = 0;
  return () => {
    count += 1;
    return count % calls === 0;
  };
}

export interface PlantedBug {
  readonly name: string;
  /** Puts it in. Gives what takes it out again. */
  plant(): () => void;
}

/** A bug that replaces one method: `make` gets the one that was there. */
export function replacing<Prototype, Name extends keyof Prototype>(
  name: string,
  prototype: Prototype,
  method: Name,
  make: (original: Prototype[Name]) => Prototype[Name],
): PlantedBug {
  return {
    name,
    plant() {
      const original = prototype[method];
      prototype[method] = make(original);
      return () => {
        prototype[method] = original;
      };
    },
  };
}

/** A bug that changes one value of a table. */
export function changing<Table, Key extends keyof Table>(
  name: string,
  table: Table,
  key: Key,
  value: Table[Key],
): PlantedBug {
  return replacing(name, table, key, () => value);
}
