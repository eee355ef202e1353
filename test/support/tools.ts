import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** The Debian package that brings each tool. */
const packageOf = {
  'iscsi-ls': 'libiscsi-bin',
  'iscsi-inq': 'libiscsi-bin',
  'iscsi-readcapacity16': 'libiscsi-bin',
  'iscsi-test-cu': 'libiscsi-bin',
  'iscsi-perf': 'libiscsi-bin',
  'qemu-img': 'qemu-utils qemu-block-extra',
  'qemu-io': 'qemu-utils qemu-block-extra',
  losetup: 'mount',
  mount: 'mount',
  umount: 'mount',
} as const;

export type Tool = keyof typeof packageOf;

export interface ToolEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** True where it was killed because its time was up. */
  readonly timedOut: boolean;
  readonly out: string;
  readonly err: string;
}

const PATIENCE_MILLISECONDS = 60_000;

/** Runs a tool to its end, or for that long. A tool that is not there is an error that names its package. */
export async function runTool(
  tool: Tool,
  args: readonly string[],
  milliseconds: number = PATIENCE_MILLISECONDS,
): Promise<ToolEnd> {
  return startTool(tool, args, milliseconds).ended;
}

export interface RunningTool {
  readonly ended: Promise<ToolEnd>;
  kill(): void;
}

/** The same, for those that want to do something while it runs. */
export function startTool(
  tool: Tool,
  args: readonly string[],
  milliseconds: number = PATIENCE_MILLISECONDS,
): RunningTool {
  // Tools of the system may stand in folders that a user's PATH lacks.
  const env = { ...process.env, LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const child = spawn(tool, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, milliseconds);
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (error) => reject(missing(tool, error)));
  });
  const ended = Promise.all([code, text(child.stdout), text(child.stderr)])
    .then(([code, out, err]) => ({ code, timedOut, out, err }))
    .finally(() => clearTimeout(timer));
  return { ended, kill: () => child.kill('SIGKILL') };
}

/** Runs a tool that has to succeed. Gives its stdout. */
export async function tool(name: Tool, ...args: readonly string[]): Promise<string> {
  const end = await runTool(name, args);
  if (end.code === 0) return end.out;
  const how = end.timedOut ? 'did not end' : `ended with ${end.code}`;
  throw new Error(`${name} ${args.join(' ')} ${how}:\n${end.out}${end.err}`);
}

function missing(tool: Tool, error: Error): Error {
  if (!('code' in error) || error.code !== 'ENOENT') return error;
  return new Error(`${tool} is not installed; run: sudo apt-get install -y ${packageOf[tool]}`);
}
