/** Our own initiator, in this process: for what the packaged ones can't be told to do. */
import { type CommandOptions, IscsiInitiator } from '../../client/iscsi-initiator.ts';
import type { Path } from '../peers/peer.ts';

/** A session whose unit has told what it had to tell. `keys`: of the login, in the place of its own. */
export async function openSession(
  path: Path,
  isid: string,
  keys: Readonly<Record<string, string>> = {},
): Promise<IscsiInitiator> {
  const { hostname, port, pathname } = new URL(path.url.replace('iscsi:', 'http:'));
  const targetName = decodeURIComponent(pathname.split('/')[1] ?? '');
  const initiatorName = 'iqn.2026-11.dev.crosspath:bench';
  const where = { host: hostname, port: Number(port) };
  const session = await IscsiInitiator.connect({ ...where, initiatorName, targetName, isid, keys });
  const testUnitReady = new Uint8Array(6);
  while ((await session.command(lunOf(path), testUnitReady)).sense !== null);
  return session;
}

function lunOf({ url }: Path): number {
  return Number(url.slice(url.lastIndexOf('/') + 1));
}

export interface Load {
  readonly path: Path;
  readonly depth: number;
  readonly seconds: number;
  /** The session, CDB and data of the command of that number. */
  readonly command: (number: number) => {
    readonly session: IscsiInitiator;
    readonly cdb: Uint8Array;
    readonly options: CommandOptions;
  };
}

/** Keeps `depth` commands going for that long. Gives how many there were, and how many a second. */
export async function keepGoing({ path, depth, seconds, command }: Load) {
  const lun = lunOf(path);
  const start = performance.now();
  const end = start + seconds * 1000;
  let commands = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < end) {
      const { session, cdb, options } = command(commands);
      commands += 1;
      const { status } = await session.command(lun, cdb, options);
      if (status !== 0) throw new Error(`a command ended with status ${status}`);
    }
  };
  await Promise.all(Array.from({ length: depth }, lane));
  return { commands, rate: (commands * 1000) / (performance.now() - start) };
}
