/**
 * A file of CHAP secrets (docs/configuration.md): a line for each, 'initiator NAME SECRET' or 'target NAME SECRET'. It
 * is read for every login, so that a changed file is in force at once.
 */
import type { Log } from '../env/log.ts';
import type { ChapSecret, ChapSecrets } from '../iscsi/login/access.ts';
import { IscsiLimits } from '../limits.ts';
import type { ClusterConfig } from './config/cluster-config.ts';
import type { GroupSecrets } from './group-access.ts';
import { FreshSecrets, readSecretFile } from './secret-file.ts';
import { UserError } from './user-error.ts';

const CHAP_FILE = {
  what: 'CHAP file',
  make: 'write "initiator NAME SECRET" in it, with mode 0600',
  afterwards: 'write new secrets',
};

/** Of every group that has such a file. Throws a UserError where one can't be used. */
export function openChapFiles({ initiatorGroups }: ClusterConfig, log: Log): GroupSecrets {
  return new Map(
    initiatorGroups.flatMap(({ name, chapFile }) =>
      chapFile === null ? [] : [[name, new FreshSecrets(() => readChapFile(chapFile), log)]],
    ),
  );
}

/** Throws a UserError that says where the mistake is and what to write, and no secret. */
function readChapFile(path: string): ChapSecrets {
  const entries = readSecretFile(path, CHAP_FILE)
    .split('\n')
    .map((line, place) => entryOf(line.trim(), `${path}:${place + 1}`))
    .filter((entry) => entry !== null);
  const initiators = entries.filter(({ kind }) => kind === 'initiator');
  const [target = null, second] = entries.filter(({ kind }) => kind === 'target');
  if (second !== undefined) throw new UserError(`${second.at}: a second target line; write one`);
  if (initiators.length === 0) {
    throw new UserError(`${path} has no secret of an initiator; write "initiator NAME SECRET" in it`);
  }
  const same = initiators.find(
    ({ secret }) => target !== null && Buffer.compare(secret, target.secret) === 0,
  );
  if (same !== undefined) {
    throw new UserError(
      `${same.at}: the secret of ${same.name} is the target's too, so that a stranger could have each of them answer for the other; write another (RFC 7143 9.2.1)`,
    );
  }
  return { initiators: initiators.map(secretOf), target: target && secretOf(target) };
}

interface Entry extends ChapSecret {
  readonly kind: 'initiator' | 'target';
  readonly at: string;
}

function secretOf({ name, secret }: Entry): ChapSecret {
  return { name, secret };
}

/** Null for a line that is empty or a comment. */
function entryOf(line: string, at: string): Entry | null {
  if (line === '' || line.startsWith('#')) return null;
  const [kind, name, word, ...more] = line.split(/[ \t]+/);
  if (
    !(kind === 'initiator' || kind === 'target') ||
    name === undefined ||
    word === undefined ||
    more.length > 0
  ) {
    throw new UserError(`${at}: write "initiator NAME SECRET" or "target NAME SECRET"`);
  }
  const secret = Buffer.from(word, 'utf8');
  const { minChapSecretBytes, maxChapSecretBytes, maxNameBytes } = IscsiLimits;
  if (secret.length < minChapSecretBytes || secret.length > maxChapSecretBytes) {
    throw new UserError(
      `${at}: the secret of ${name} has ${secret.length} bytes; write ${minChapSecretBytes} to ${maxChapSecretBytes} (RFC 7143 9.2.1; Windows takes 12 to 16)`,
    );
  }
  if (Buffer.byteLength(name) > maxNameBytes) {
    throw new UserError(`${at}: a name that is too long; write at most ${maxNameBytes} bytes`);
  }
  return { kind, name, secret, at };
}
