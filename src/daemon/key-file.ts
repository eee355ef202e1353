/**
 * The key file of one system (docs/interconnect.md section 8): a line for each key, 'PARTNER ID SECRET', newest first
 * for each partner. It is read for every link that is made, so that a copied file is in force at once.
 */
import { join } from 'node:path';
import type { Log } from '../env/log.ts';
import type { KeyRing, SharedKey } from '../env/node/key-ring.ts';
import { FreshSecrets, readSecretFile } from './secret-file.ts';
import { UserError } from './user-error.ts';

/** Bytes: as long as the hash of the cipher suite, SHA-256. */
export const SECRET_LENGTH = 32;

export function keyFilePath(folder: string, system: string): string {
  return join(folder, `${system}.keys`);
}

export function formatKeys(cluster: string, system: string, keys: readonly SharedKey[]): string {
  const lines = keys.map(
    ({ partner, id, secret }) => `${partner} ${id} ${Buffer.from(secret).toString('hex')}`,
  );
  const head = `# Secret: the keys of system ${system}, cluster ${cluster}. PARTNER ID SECRET, newest first. Made by crosspath keys.`;
  return `${[head, ...lines].join('\n')}\n`;
}

/** Null where it is no key file (or half of one). */
function parseKeys(text: string): readonly SharedKey[] | null {
  if (!text.endsWith('\n')) return null;
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const keys = lines.map((line): SharedKey | null => {
    const [, partner, id, hex] = /^([a-z0-9-]{1,63}) ([0-9a-f]{16}) ([0-9a-f]{64})$/.exec(line) ?? [];
    if (partner === undefined || id === undefined || hex === undefined) return null;
    return { partner, id, secret: Buffer.from(hex, 'hex') };
  });
  return keys.every((key) => key !== null) ? keys : null;
}

const KEY_FILE = {
  what: 'key file',
  make: 'make it with crosspath keys, and copy it here',
  afterwards: 'make new keys',
};

/** The keys of a file. Throws a UserError that says what to do, and nothing of what is in the file. */
export function readKeyFile(path: string): readonly SharedKey[] {
  const keys = parseKeys(readSecretFile(path, KEY_FILE));
  if (keys === null)
    throw new UserError(`${path} is not a key file: copy it again, or make it with crosspath keys`);
  return keys;
}

/** The keys of a running system. Where the file can't be read any more, the keys that it had hold on. */
export class FileKeyRing implements KeyRing {
  readonly self: string;
  readonly #keys: FreshSecrets<readonly SharedKey[]>;

  /** Throws a UserError where there is no key file. */
  constructor(path: string, self: string, log: Log) {
    this.self = self;
    this.#keys = new FreshSecrets(() => readKeyFile(path), log);
  }

  current(): readonly SharedKey[] {
    return this.#keys.current();
  }
}
