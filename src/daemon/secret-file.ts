/** Files of secrets: readable by their owner alone, and read anew whenever they are asked for. */
import { readFileSync, statSync } from 'node:fs';
import type { Log } from '../env/log.ts';
import { errnoOf, UserError } from './user-error.ts';

export interface SecretFileKind {
  /** As in 'cannot read the key file'. */
  readonly what: string;
  /** What to do where it is missing. */
  readonly make: string;
  /** What to do where others could read it. */
  readonly afterwards: string;
}

/** The text of a file of secrets. Throws a UserError that says what to do, and nothing of what is in the file. */
export function readSecretFile(path: string, { what, make, afterwards }: SecretFileKind): string {
  let text: string;
  let mode: number;
  try {
    mode = statSync(path).mode;
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`cannot read the ${what} ${path} (${errnoOf(error)}): ${make}`);
  }
  if ((mode & 0o077) !== 0) {
    throw new UserError(
      `others may read or change the ${what} ${path}: run chmod 600 on it, and ${afterwards}`,
    );
  }
  return text;
}

/** What a file of secrets says now; while it can't be read, what it said before. */
export class FreshSecrets<T> {
  readonly #read: () => T;
  readonly #log: Log;
  #last: T;

  /** `read` throws a UserError where it can't, and so does this. */
  constructor(read: () => T, log: Log) {
    this.#read = read;
    this.#log = log;
    this.#last = read();
  }

  current(): T {
    try {
      this.#last = this.#read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#log.error({ reason: error.message }, 'the secrets as they were before stay in force');
    }
    return this.#last;
  }
}
