/** What header and data digests cost a reader: the same reads with and without, round by round, on the direct and on the proxied path. */
import { putU16, putU32 } from '../src/wire/scsi/bytes.ts';
import { OpCode } from '../src/wire/scsi/opcodes.ts';
import { type Bench, type Report, type SubCommand, withCluster } from './bench.ts';
import { keepGoing, openSession } from './initiators/own-client.ts';
import type { Path } from './peers/peer.ts';
import { cpuSeconds } from './proc.ts';
import { range, ratios } from './statistics.ts';
import { formatTable } from './table.ts';
import { UNIT_BYTES } from './workloads.ts';

const BLOCK = 512;
const READ_BYTES = 262_144;
const BLOCKS = READ_BYTES / BLOCK;
const PLACES = UNIT_BYTES / READ_BYTES;
const DEPTH = 8;

const keySets = {
  none: { HeaderDigest: 'None', DataDigest: 'None' },
  header: { HeaderDigest: 'CRC32C', DataDigest: 'None' },
  both: { HeaderDigest: 'CRC32C', DataDigest: 'CRC32C' },
} as const;
type Which = keyof typeof keySets;

interface Sample {
  readonly rate: number;
  /** Of all systems that the path goes through, for a read. */
  readonly cpu: number;
}

export const digests: SubCommand = {
  summary: '256 KiB reads with and without digests',
  help: `The same 256 KiB reads, 8 at a time, without digests, with header digests, and with header and data digests, round by round:
the rate and the CPU time of the systems, times those without.`,
  words: [],
  rounds: 5,
  seconds: 3,
  run: (bench) => withCluster(bench, (_, paths) => measureDigests(bench, paths)),
};

async function measureDigests({ rounds, seconds, progress }: Bench, paths: readonly Path[]): Promise<Report> {
  const lines = [['256 KiB reads, depth 8', 'path', 'rate : without', 'CPU of the systems : without']];
  const data: Record<string, Record<Which, Sample[]>> = {};
  for (const path of paths) {
    const samples: Record<Which, Sample[]> = { none: [], header: [], both: [] };
    data[path.name] = samples;
    for (let round = 0; round < rounds; round += 1) {
      progress(`${path.name}: round ${round + 1} of ${rounds}`);
      for (const which of ['none', 'header', 'both'] as const)
        samples[which].push(await measure(path, which, seconds));
    }
    for (const which of ['header', 'both'] as const) {
      const against = (value: (sample: Sample) => number) =>
        range(ratios(samples[which].map(value), samples.none.map(value)));
      const name = which === 'both' ? 'header and data digests' : 'header digests';
      lines.push([name, path.name, against(({ rate }) => rate), against(({ cpu }) => cpu)]);
    }
  }
  return { text: formatTable(lines), data };
}

async function measure(path: Path, which: Which, seconds: number): Promise<Sample> {
  const session = await openSession(path, '00023d000001', keySets[which]);
  const command = (read: number) => {
    const cdb = new Uint8Array(10);
    cdb[0] = OpCode.read10;
    putU32(cdb, 2, (read % PLACES) * BLOCKS);
    putU16(cdb, 7, BLOCKS);
    return { session, cdb, options: { dataInLength: READ_BYTES } };
  };
  const used = () => path.servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
  const before = used();
  const { commands, rate } = await keepGoing({ path, depth: DEPTH, seconds, command });
  const cpu = (used() - before) / commands;
  await session.logout();
  return { rate, cpu };
}
