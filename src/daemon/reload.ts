/**
 * What of a changed configuration is applied while the system runs: units of its own that have become larger
 * (docs/decisions/0008-growing-units.md). Nothing that runs is disturbed, and nothing else of the file is looked at.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ReloadAnswer } from '../admin/schema.ts';
import type { Errno } from '../env/disk.ts';
import type { Log } from '../env/log.ts';
import type { LocalUnit } from '../scsi/local-unit/local-unit.ts';
import type { ClusterConfig, UnitConfig } from './config/cluster-config.ts';
import { formatSize } from './config/size.ts';
import { UserError } from './user-error.ts';

export interface ReloaderOptions {
  readonly system: string;
  /** As the system was started with it. */
  readonly config: ClusterConfig;
  /** Reads it again. Throws a UserError. */
  readonly readConfig: () => ClusterConfig;
  readonly units: readonly LocalUnit[];
  readonly log: Log;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  #last: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** One at a time. */
  reload(): Promise<ReloadAnswer> {
    const next = this.#last.then(() => this.#reload());
    this.#last = next;
    return next;
  }

  /** The stores are going to be closed: none of them is called any more. */
  stop(): void {
    this.#stopped = true;
  }

  async #reload(): Promise<ReloadAnswer> {
    const { system, config, readConfig, units } = this.#options;
    const answer = { system, grown: [], problems: [] } as {
      system: string;
      grown: ReloadAnswer['grown'];
      problems: string[];
    };
    const next = readOr(readConfig, answer.problems);
    if (next === null) return answer;
    if (!isDeepStrictEqual(withoutSizes(config), withoutSizes(next))) {
      answer.problems.push('more has changed in the file than the sizes of units: the rest takes a restart');
    }
    for (const unit of units) {
      const written = next.units.find(({ name }) => name === unit.identity.name);
      if (written !== undefined && !this.#stopped) await this.#apply(unit, written, answer);
    }
    return answer;
  }

  async #apply(unit: LocalUnit, { byteLength, store }: UnitConfig, answer: ReloadAnswer): Promise<void> {
    const { name, blockCount, blockLength } = unit.identity;
    const from = blockCount * blockLength;
    if (byteLength === from) return;
    const sizes = `unit "${name}" has ${formatSize(from)}, and ${formatSize(byteLength)} in the file`;
    if (byteLength < from) {
      answer.problems.push(`${sizes}: a unit does not shrink; write its size as it was`);
      return;
    }
    const error = await grow(unit, byteLength);
    if (error === null) {
      this.#options.log.info({ unit: name, from, to: byteLength }, 'a unit has grown');
      answer.grown.push({ unit: name, from, to: byteLength });
    } else
      answer.problems.push(`${sizes}: ${store.path} ${reasons.get(error) ?? `can not be grown (${error})`}`);
  }
}

const reasons: ReadonlyMap<Errno, string> = new Map([
  ['EINVAL', 'is longer than that already; write its length as size'],
  ['ENOSPC', 'has no room for it; grow the device first'],
  ['EFBIG', 'can not be that long on its file system; write a smaller size'],
  ['EBADF', 'is opened for reading alone; grow it where it is written'],
]);

function grow(unit: LocalUnit, byteLength: number): Promise<Errno | null> {
  return new Promise((resolve) => unit.grow(byteLength, resolve));
}

function readOr(readConfig: () => ClusterConfig, problems: string[]): ClusterConfig | null {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(...error.message.split('\n'));
    return null;
  }
}

function withoutSizes(config: ClusterConfig): ClusterConfig {
  return { ...config, units: config.units.map((unit) => ({ ...unit, byteLength: 0 })) };
}
