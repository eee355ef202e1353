/** What a load process is told, and what it tells. */
import { UNIT_BYTES } from '../workloads.ts';

export interface LoadPlan {
  /** Of the login: iscsi://HOST:PORT/TARGET, the LUN behind it is not looked at. */
  readonly url: string;
  readonly sessions: number;
  /** What its ISIDs begin with, so that two processes do not reinstate each other's sessions: 0-255. */
  readonly process: number;
  /** The commands are spread over all of them. */
  readonly luns: readonly number[];
  /** Of each unit that is read or written, from its first byte. */
  readonly unitBytes: number;
  readonly writes: boolean;
  readonly bytesPerCommand: number;
  /** All over the unit, each place once before any comes twice; or one behind the other. */
  readonly scattered: boolean;
  /** Commands outstanding; 0: the sessions are idle. */
  readonly depth: number;
  /** Of all sessions together, which take turns; or of each, whose next command comes when one of its own has ended. */
  readonly depthOf: 'all' | 'each';
  /** Before anything counts. */
  readonly warmUpSeconds: number;
  /** Null: until it is stopped. */
  readonly seconds: number | null;
  /** The load ends before its time when it has come to each place of each unit once. */
  readonly once: boolean;
}

const WARM_UP_SECONDS = 1;

/** 4 KiB random reads of one whole unit by one session, but for the changes. `url`: with its LUN. */
export function loadPlan(
  url: string,
  changes: Pick<LoadPlan, 'depth' | 'seconds'> & Partial<LoadPlan>,
): LoadPlan {
  return {
    url,
    sessions: 1,
    process: 0,
    luns: [Number(url.slice(url.lastIndexOf('/') + 1))],
    unitBytes: UNIT_BYTES,
    writes: false,
    bytesPerCommand: 4096,
    scattered: true,
    once: false,
    depthOf: 'all',
    warmUpSeconds: WARM_UP_SECONDS,
    ...changes,
  };
}

export interface LoadResult {
  readonly commands: number;
  readonly seconds: number;
  /** CPU seconds of the load process itself meanwhile: near `seconds`, it is the load that is measured. */
  readonly cpuSeconds: number;
  /** Times that the target had no room for a command (TASK SET FULL, BUSY), since the first one: each was sent again. */
  readonly refused: number;
  /** From the call that sends a command to its status, in ms. */
  readonly latency: Latency;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Lines on standard output, in this order; the last is followed by a space and the result as JSON. */
export const LoadLine = { loggedIn: 'logged in', counting: 'counting', result: 'result' } as const;

/** Commands until each place of each unit has had one. */
export function commandsOnce({ luns, unitBytes, bytesPerCommand }: LoadPlan): number {
  return luns.length * Math.floor(unitBytes / bytesPerCommand);
}

/** Commands that are outstanding together: so many are sent at the beginning. */
export function outstandingOf({ depth, depthOf, sessions }: LoadPlan): number {
  return depthOf === 'each' ? depth * sessions : depth;
}

/** The session that sends the command of that number, when one of session `ended` has ended. */
export function nextSession({ depthOf, sessions }: LoadPlan, ended: number, command: number): number {
  return depthOf === 'each' ? ended : command % sessions;
}

export interface Target {
  readonly lun: number;
  /** In bytes. */
  readonly offset: number;
}

/** Where the command of that number goes. */
export function targetOf(plan: LoadPlan, command: number): Target {
  const { luns, unitBytes, bytesPerCommand, scattered } = plan;
  const lun = luns[command % luns.length];
  if (lun === undefined) throw new Error('a load without units');
  const places = Math.floor(unitBytes / bytesPerCommand);
  const turn = Math.floor(command / luns.length) % places;
  return { lun, offset: bytesPerCommand * (scattered ? scatter(turn, places) : turn) };
}

/** Odd, so that multiplying by them modulo a power of two can be undone. */
const MULTIPLIERS = [0x9e3779b1, 0x85ebca6b];

/**
 * Gives each of `places`, a power of two, to one `turn`, without an order that a kernel's read-ahead could see. (Equal steps
 * would have one: the kernel reads ahead where it finds pages cached before those that are asked for.)
 */
function scatter(turn: number, places: number): number {
  const mask = places - 1;
  if ((places & mask) !== 0) throw new Error(`${places} places are no power of two`);
  const half = Math.ceil(Math.log2(places) / 2);
  // Each step can be undone, so that no two turns end at one place.
  return MULTIPLIERS.reduce((at, factor) => {
    const product = Math.imul(at, factor) & mask;
    return product ^ (product >>> half);
  }, turn);
}
