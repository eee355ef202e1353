/**
 * What write freshness costs a client that takes turns between two sessions (docs/decisions/0006-freshness-of-writes.md):
 * the same writes by one session and by two in turn, round by round, on the direct and on the proxied path.
 */
import type { IscsiInitiator } from '../client/iscsi-initiator.ts';
import { putU16, putU32 } from '../src/wire/scsi/bytes.ts';
import { OpCode } from '../src/wire/scsi/opcodes.ts';
import { type Bench, type Report, type SubCommand, withCluster } from './bench.ts';
import { keepGoing, openSession } from './initiators/own-client.ts';
import type { Crosspath } from './peers/crosspath.ts';
import type { Path } from './peers/peer.ts';
import { range, ratios, spread } from './statistics.ts';
import { formatTable } from './table.ts';
import { UNIT_BYTES } from './workloads.ts';

const BLOCK = 512;
const WRITE_BYTES = 4096;
const BLOCKS = WRITE_BYTES / BLOCK;
const PLACES = UNIT_BYTES / WRITE_BYTES;
const DEPTH = 8;
const DATA = new Uint8Array(WRITE_BYTES).fill(0x5a);

/** Which place the write of that number goes to. */
const patterns: Readonly<Record<string, (write: number) => number>> = {
  'all over the unit': (write) => (write * 65_521) % PLACES,
  'in a row': (write) => write % PLACES,
  // Each round another session gets to a place first.
  'the same 16 places': (write) => (write + Math.floor(write / 16)) % 16,
  'one place': () => 0,
};

interface Sample {
  readonly rate: number;
  readonly heldShare: number;
}

export const freshness: SubCommand = {
  summary: 'writes by two sessions in turn, against one (docs/decisions/0006)',
  help: `The same 4 KiB writes, 8 at a time, by one session and by two in turn, round by round: the rate with two sessions to that with one,
and how many writes waited for a sign of life of their client.`,
  words: [],
  rounds: 5,
  seconds: 3,
  run: (bench) => withCluster(bench, (...given) => measureFreshness(bench, ...given)),
};

async function measureFreshness(
  { rounds, seconds, progress }: Bench,
  crosspath: Crosspath,
  paths: readonly Path[],
): Promise<Report> {
  const lines = [['4 KiB writes, depth 8', 'path', 'two sessions : one', 'held of 1,000 writes']];
  const data: Record<string, Record<string, { readonly one: Sample[]; readonly two: Sample[] }>> = {};
  for (const path of paths) {
    const ofPath: (typeof data)[string] = {};
    data[path.name] = ofPath;
    const first = await openSession(path, '00023d000001');
    const second = await openSession(path, '00023d000002');
    for (const [name, place] of Object.entries(patterns)) {
      progress(`${path.name}: ${name}`);
      const one: Sample[] = [];
      const two: Sample[] = [];
      for (let round = 0; round < rounds; round += 1) {
        one.push(await measure(crosspath, [first], path, place, seconds));
        two.push(await measure(crosspath, [first, second], path, place, seconds));
      }
      ofPath[name] = { one, two };
      const held = spread(two.map(({ heldShare }) => 1000 * heldShare)).median;
      lines.push([name, path.name, range(ratios(two.map(rateOf), one.map(rateOf))), held.toFixed(1)]);
    }
    for (const session of [first, second]) await session.logout();
  }
  return { text: formatTable(lines), data };
}

function rateOf({ rate }: Sample): number {
  return rate;
}

/** Writes for that long; the sessions take turns. */
async function measure(
  crosspath: Crosspath,
  sessions: readonly [IscsiInitiator, ...IscsiInitiator[]],
  path: Path,
  place: (write: number) => number,
  seconds: number,
): Promise<Sample> {
  const heldBefore = await crosspath.writesHeld();
  const command = (write: number) => {
    const cdb = new Uint8Array(10);
    cdb[0] = OpCode.write10;
    putU32(cdb, 2, place(write) * BLOCKS);
    putU16(cdb, 7, BLOCKS);
    const session = sessions[write % sessions.length] ?? sessions[0];
    return { session, cdb, options: { dataOut: DATA } };
  };
  const { commands, rate } = await keepGoing({ path, depth: DEPTH, seconds, command });
  return { rate, heldShare: ((await crosspath.writesHeld()) - heldBefore) / commands };
}
