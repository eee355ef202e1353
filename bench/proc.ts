/** What the kernel counts for a process (proc(5)). */
import { readFileSync } from 'node:fs';

/** USER_HZ, the unit of utime and stime in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time of all threads that there are and were, in seconds: user and system. */
export function cpuSeconds(pid: number): number {
  return parseCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8')).own;
}

/** CPU time of this process and of the ended processes that it started, in seconds. */
export function ownCpuSeconds(): number {
  const { own, children } = parseCpuSeconds(readFileSync('/proc/self/stat', 'utf8'));
  return own + children;
}

/** CPU time of the ended processes that this process has started, in seconds. */
export function endedChildrenCpuSeconds(): number {
  return parseCpuSeconds(readFileSync('/proc/self/stat', 'utf8')).children;
}

/** CPU time that processes of this machine, or its host (steal), have used since it started, in seconds. */
export function machineCpuSeconds(): number {
  return parseMachineCpuSeconds(readFileSync('/proc/stat', 'utf8'));
}

export function parseCpuSeconds(stat: string): { readonly own: number; readonly children: number } {
  // The command's name, field 2, may hold spaces and brackets: count from the last bracket, behind which field 3 comes.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(14 - 3, 18 - 3).map(Number);
  const [user = Number.NaN, system = Number.NaN, childUser = Number.NaN, childSystem = Number.NaN] = ticks;
  if (ticks.length < 4 || ticks.some(Number.isNaN)) throw new Error('/proc/PID/stat has no CPU times');
  return { own: (user + system) / TICKS_PER_SECOND, children: (childUser + childSystem) / TICKS_PER_SECOND };
}

/** Interrupts are left out: nobody can say whose they were. */
export function parseMachineCpuSeconds(stat: string): number {
  const [, user = 0, nice = 0, system = 0, , , , , steal = 0] = (stat.split('\n')[0] ?? '')
    .split(/ +/)
    .map(Number);
  return (user + nice + system + steal) / TICKS_PER_SECOND;
}

/** The most memory that the process has had resident at a time, in MiB. */
export function peakMemoryMiB(pid: number): number {
  return parseStatusBytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM') / 2 ** 20;
}

/** What the process has resident now. */
export function residentBytes(pid: number): number {
  return parseStatusBytes(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS');
}

/** A size of /proc/PID/status, which has them in KiB. */
export function parseStatusBytes(status: string, field: 'VmHWM' | 'VmRSS'): number {
  const line = status.split('\n').find((each) => each.startsWith(`${field}:`));
  if (line === undefined) throw new Error(`/proc/PID/status has no ${field}`);
  return Number.parseInt(line.slice(field.length + 1), 10) * 1024;
}

/** System calls of the read and of the write family that this process has made so far, in all threads. What io_uring does is none of them. */
export interface IoCalls {
  readonly reads: number;
  readonly writes: number;
}

export function ownIoCalls(): IoCalls {
  return parseIoCalls(readFileSync('/proc/self/io', 'utf8'));
}

export function parseIoCalls(io: string): IoCalls {
  const [reads, writes] = ['syscr', 'syscw'].map((name) =>
    Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(io)?.[1]),
  );
  if (reads === undefined || writes === undefined || Number.isNaN(reads + writes))
    throw new Error('/proc/PID/io has no numbers of calls');
  return { reads, writes };
}
