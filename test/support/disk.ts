import { type RunningTool, runTool, startTool, type ToolEnd } from './tools.ts';

/** A logical unit as QEMU reaches it: through one portal, as one initiator. */
export interface Disk {
  readonly portal: string;
  readonly targetName: string;
  readonly lun: number;
  /** iSCSI name of the initiator; without one, QEMU's own. */
  readonly initiator?: string;
  readonly chap?: { readonly name: string; readonly secret: string };
}

/** libiscsi's way to write it, for its tools and for QEMU. */
export function urlOf({ portal, targetName, lun, chap }: Disk): string {
  const user = chap === undefined ? '' : `${chap.name}%${chap.secret}@`;
  return `iscsi://${user}${portal}/${targetName}/${lun}`;
}

/** QEMU's block driver options for it. */
export function imageOptions({ portal, targetName, lun, initiator, chap }: Disk): string {
  const options = ['driver=raw', 'file.driver=iscsi', 'file.transport=tcp'];
  options.push(`file.portal=${portal}`, `file.target=${targetName}`, `file.lun=${lun}`);
  if (initiator !== undefined) options.push(`file.initiator-name=${initiator}`);
  if (chap !== undefined) options.push(`file.user=${chap.name}`, `file.password-secret=${CHAP_SECRET}`);
  return options.join(',');
}

/** Starts qemu-io with its commands, e.g. 'write -P 0x5a 0 1M'. It ends at the first that fails. */
export function startQemuIo(disk: Disk, commands: readonly string[], cache = 'none'): RunningTool {
  return startTool('qemu-io', qemuIoArguments(disk, commands, cache));
}

/** Runs qemu-io; `cache` as its -t has it: 'none' sends FUA and flushes only where the commands ask for them. */
export function tryQemuIo(disk: Disk, commands: readonly string[], cache = 'none'): Promise<ToolEnd> {
  return runTool('qemu-io', qemuIoArguments(disk, commands, cache));
}

/** Runs commands that have to succeed; a pattern that is not there is a failure. Gives what they printed. */
export async function qemuIo(disk: Disk, ...commands: readonly string[]): Promise<string> {
  const end = await tryQemuIo(disk, commands);
  if (end.code === 0 && !end.out.includes('Pattern verification failed')) return end.out;
  throw new Error(`qemu-io ${commands.join('; ')} at ${urlOf(disk)} failed:\n${end.out}${end.err}`);
}

const CHAP_SECRET = 'chap';

function qemuIoArguments(disk: Disk, commands: readonly string[], cache: string): string[] {
  const each = commands.flatMap((command) => ['-c', command]);
  const secret =
    disk.chap === undefined ? [] : ['--object', `secret,id=${CHAP_SECRET},data=${disk.chap.secret}`];
  return [...secret, '-t', cache, '--image-opts', imageOptions(disk), ...each];
}
