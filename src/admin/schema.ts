/**
 * The admin API: the one description of it, for the server, for the command line and for whoever else asks.
 *
 *   GET /status    →   SystemStatus: one storage system as it sees itself and the cluster.
 *   POST /reload   →   ReloadAnswer: it has read its configuration again, and grown what is larger there.
 *
 * Counters and latencies are of all that was since the start of the process. Times are seconds where their name has no unit, sizes are
 * bytes.
 */
import { z } from 'zod';
import { kindNames, pathNames } from '../latency/stage.ts';
import { TIMED_ONE_IN } from '../latency/stages.ts';
import { AccessState } from '../scsi/access-states.ts';

export { stageNames } from '../latency/stage.ts';

const count = z.int().min(0);
const bytes = z.int().min(0);
const seconds = z.number().min(0);
const milliseconds = z.number().min(0);

/** Asymmetric access states by the names that SPC-4 5.15.2.4 has for them. */
export const accessStateNames = {
  [AccessState.activeOptimized]: 'active/optimized',
  [AccessState.activeNonOptimized]: 'active/non-optimized',
  [AccessState.standby]: 'standby',
  [AccessState.unavailable]: 'unavailable',
  [AccessState.transitioning]: 'transitioning',
} as const satisfies Record<AccessState, string>;

const accessState = z.enum(Object.values(accessStateNames));

const process = z.object({
  name: z.string().describe('the storage system'),
  cluster: z.string(),
  pid: z.int().min(1),
  version: z.string().describe('of Crosspath'),
  uptimeSeconds: seconds,
  memoryBytes: bytes.describe('resident set size'),
  bufferedBytes: bytes.describe('data of commands in flight, held in buffers now'),
  peakBufferedBytes: bytes.describe('the most that bufferedBytes ever was'),
});

const port = z.object({
  name: z.string(),
  kind: z.enum(['physical', 'virtual']),
  portal: z.string().describe('address:port'),
  targetName: z.string(),
  portalGroupTag: z.int(),
  relativeId: z.int().describe('relative target port identifier'),
  group: z.int().describe('target port group identifier'),
  serves: z.enum(['local', 'proxy', 'all']),
  commandsReceived: count,
  responsesSent: count,
  sessions: count.describe('that are logged in now'),
});

const session = z.object({
  initiator: z.string().describe('iSCSI name'),
  group: z.string().nullable().describe('its initiator group; null where the configuration has none'),
  isid: z.string().describe('12 hexadecimal digits'),
  port: z.string().describe('name of the target port'),
  connections: z.array(
    z.object({ id: count.describe('its CID'), remote: z.string().describe('address of the client') }),
  ),
  commandsOutstanding: count,
});

const portCounters = z.object({
  port: z.string().describe('name of the target port of this system that commands arrived at'),
  commandsDirect: count.describe('that ran here'),
  commandsProxied: count.describe('that were forwarded to the owner'),
  bytesRead: bytes,
  bytesWritten: bytes,
});

const unit = z.object({
  name: z.string(),
  owner: z.string(),
  local: z.boolean().describe('whether this system owns it'),
  lun: z.int().describe('for initiators whose group has no map of its own'),
  size: bytes,
  blockLength: z.int(),
  physicalBlockLength: z.int(),
  readOnly: z.boolean().describe('by the configuration'),
  thinlyProvisioned: z
    .boolean()
    .describe(
      'whether its store frees what is unmapped; of a unit of another system: as its owner last said',
    ),
  naa: z.string().describe('NAA designator, 32 hexadecimal digits'),
  serial: z.string(),
  store: z.string().describe('path of the file or device'),
  accessStates: z
    .record(z.string(), accessState)
    .describe('through each system that has ports for it, by system'),
  commandsServed: count.describe('that ran here, whichever system they arrived at'),
  writesHeld: count.describe('that waited here for a proof that their initiator is still there'),
  writesRefused: count.describe('with BUSY, since no such proof came'),
  counters: z.array(portCounters),
});

const link = z.object({
  partner: z.string(),
  transport: z.enum(['tcp', 'tls', 'unix', 'fcip']),
  state: z.enum(['up', 'connecting', 'down']),
  address: z
    .string()
    .describe('of the partner, as this end of the link sees it; without a link, as configured'),
  generation: count,
  sinceSeconds: seconds.describe('how long it has been in this state'),
  lastLoss: z.string().nullable().describe('why it was lost last'),
  slow: z.boolean().describe('by its own history: it is used last'),
  roundTripMilliseconds: milliseconds
    .nullable()
    .describe('of the last probe, or how long it has waited for its answer; null before the first'),
  usualRoundTripMilliseconds: milliseconds.nullable().describe('what that is measured against'),
  exchanges: count.describe('in flight'),
  commandsForwarded: count.describe('to the partner'),
  commandsServed: count.describe('for the partner'),
  bytesIn: bytes,
  bytesOut: bytes,
  bufferedBytes: bytes,
  peakBufferedBytes: bytes,
});

const microseconds = z.number().min(0);

const distribution = z.object({
  count,
  mean: microseconds,
  p50: microseconds.describe('half of them took at most this; up to an eighth too much, as all of these'),
  p90: microseconds,
  p99: microseconds,
  p999: microseconds.describe('999 of 1000'),
  max: microseconds,
});

/**
 * The stages of a command follow each other, and may come again: what is told is the sum of each. Together they are its total. A command
 * counts when it is answered, once in every stage that it was in, and nowhere if it never is.
 */
const latency = z.object({
  path: z
    .enum(pathNames)
    .describe(
      'direct: of an initiator, run or answered here; proxied: of an initiator, forwarded to the owner; ' +
        "served: a partner's, run here by the owner",
    ),
  kind: z.enum(kindNames).describe('READ and WRITE of 6, 10, 12 and 16 bytes, or any other command'),
  microseconds: z.object({
    received: distribution
      .optional()
      .describe(
        'from the moment that its bytes were read from the connection until its header was handled, ' +
          'and whatever it waited for its write data after that',
      ),
    queued: distribution
      .optional()
      .describe(
        'until it was run or forwarded: by the order of its session, behind other tasks of the unit, ' +
          'or for a proof that its initiator is still there',
      ),
    forwarded: distribution
      .optional()
      .describe(
        'proxied: from the moment that it was given to the link until its answer came back, ' +
          'but for the time that its initiator took to send data',
      ),
    stored: distribution
      .optional()
      .describe("in calls of the unit's store; of a third-party copy, all that it did"),
    answered: distribution
      .optional()
      .describe(
        'data or status was there, until the kernel had taken the last of it: ' +
          'with what it waited for room in the connection',
      ),
    total: distribution.describe('all of these; of a served command: its time at the owner'),
  }),
});

export const systemStatus = z.object({
  system: process,
  ports: z.array(port),
  sessions: z.array(session),
  units: z.array(unit),
  links: z.array(link),
  latencies: z
    .array(latency)
    .describe(`where the time of commands goes, by path and kind: of one command in ${TIMED_ONE_IN}`),
});

export const reloadAnswer = z.object({
  system: z.string(),
  grown: z.array(z.object({ unit: z.string(), from: bytes, to: bytes })),
  problems: z.array(z.string()).describe('what could not be applied, and what to do'),
});

export type ReloadAnswer = z.infer<typeof reloadAnswer>;
export type SystemStatus = z.infer<typeof systemStatus>;
export type PortStatus = z.infer<typeof port>;
export type SessionStatus = z.infer<typeof session>;
export type UnitStatus = z.infer<typeof unit>;
export type PortCounters = z.infer<typeof portCounters>;
export type LinkStatus = z.infer<typeof link>;
export type LatencyStatus = z.infer<typeof latency>;
export type AccessStateName = z.infer<typeof accessState>;
