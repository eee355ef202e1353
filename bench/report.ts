/** A result as text: the table, the ratios, and how it stands against the goals. */
import { allowed, type Bound, CLIENT_LIMIT } from './bounds.ts';
import { BASE_PATH, cpuOf, judge, MEMORY_GOAL, rateOf } from './goals.ts';
import { othersLine } from './others-line.ts';
import type { Result, Sample } from './results.ts';
import { median, range, ratios, type Spread, spread } from './statistics.ts';
import { formatTable } from './table.ts';
import { type Workload, Workloads } from './workloads.ts';

/** Servers that are not ours. */
const OTHERS = ['tgt', 'tgt-tuned', 'istgt', 'haproxy'];

export function report(result: Result): string {
  const { machine } = result;
  const head = [
    `${machine.cpu}, ${machine.cpus} CPUs, Linux ${machine.kernel}, Node ${machine.node}`,
    `${result.rounds} rounds of ${result.secondsPerRound} s; medians, and (lowest - highest) round`,
    othersLine(allSamples(result).map(({ cpusOfOthers }) => cpusOfOthers)),
  ].join('\n');
  const parts = [head, rateTable(result), goalTable(result), boundTable(result), memoryTable(result)];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** Both sides' medians, and how the ratio to tgt, which a slower machine leaves alone, has moved. */
export function reportChange(before: Result, after: Result): string {
  const lines = [['workload', 'path', 'commands/s', 'was', 'change', 'times tgt', 'was']];
  for (const workload of measured(after)) {
    for (const [path, samples] of Object.entries(after.samples[workload.name] ?? {})) {
      const old = before.samples[workload.name]?.[path];
      if (old === undefined) continue;
      const [now, was] = [median(rates(samples)), median(rates(old))];
      const ratio = [after, before].map((each) => times(ratioTo(BASE_PATH, each, workload, path)));
      const change = `${((now / was - 1) * 100).toFixed(0)} %`;
      lines.push([workload.title, path, whole(now), whole(was), change, ...ratio]);
    }
  }
  return `Against ${before.date}, revision ${before.revision ?? 'unknown'}:\n${formatTable(lines)}`;
}

function rateTable(result: Result): string {
  const lines = [
    ['workload', 'path', 'commands/s', 'MB/s', 'CPU s/100k', 'client s/100k', 'times tgt', 'times direct'],
  ];
  for (const workload of measured(result)) {
    let title = workload.title;
    for (const [path, samples] of Object.entries(result.samples[workload.name] ?? {})) {
      const rate = median(rates(samples));
      const megabytes = (rate * workload.bytesPerCommand) / 1e6;
      const against = [BASE_PATH, 'direct'].map((base) => times(ratioTo(base, result, workload, path)));
      lines.push([title, path, whole(rate), whole(megabytes), cpu(samples), clientCpu(samples), ...against]);
      title = '';
    }
  }
  return formatTable(lines);
}

function goalTable(result: Result): string {
  const lines = [['workload', 'ratio', 'times', 'goal', '', 'compared with']];
  for (const workload of measured(result)) {
    let { title } = workload;
    for (const { title: ratio, ratio: value, goal, met, to } of judge(result, workload.name)) {
      lines.push([title, ratio, times(value), goal, met ? 'PASS' : 'MISSED', to]);
      title = '';
    }
  }
  return formatTable(lines);
}

/** Below it, each column in one line; '' where nothing says what the client cost. */
function boundTable(result: Result): string {
  const { cpus } = result.machine;
  const head = ['workload', 'path', 'commands/s', 'client + servers, CPU µs each', 'client CPUs'];
  const lines = [[...head, 'staying', 'reached', ': direct', 'moving', 'reached', ': direct', '']];
  for (const workload of measured(result)) {
    let { title } = workload;
    for (const { path, rate, costs, clientCpus, staying, moving } of allowed(result, workload.name)) {
      const each = costs.map((seconds) => (1e6 * seconds).toFixed(1)).join(' + ');
      const verdict = clientCpus > CLIENT_LIMIT ? 'the client is the limit' : '';
      const bounds = [...boundCells(staying), ...boundCells(moving)];
      lines.push([title, path, whole(rate), each, clientCpus.toFixed(2), ...bounds, verdict]);
      title = '';
    }
  }
  if (lines.length === 1) return '';
  return `What ${cpus} CPUs allow at these costs (with what is spent in looking for the next command), in commands/s:
${formatTable(lines)}
staying   if no process changes its CPU (of three on two CPUs, two share one): 1 / what the busiest CPU does for a command
moving    if they change at any time: 1 / (all costs / CPUs), or 1 / the dearest process, which has one CPU at a time; nothing is faster
reached   what was measured, times that bound
: direct  that bound, times what the direct path was measured to do: "proxied : direct" can't be more`;
}

function boundCells({ rate, reached, toDirect }: Bound): string[] {
  return [whole(rate), reached.toFixed(2), toDirect?.toFixed(2) ?? ''];
}

function memoryTable(result: Result): string {
  const lines = [['peak memory', 'MiB', 'goal', '']];
  for (const [server, peak] of Object.entries(result.peakMemory)) {
    const judged = !OTHERS.includes(server);
    const verdict = peak < MEMORY_GOAL ? 'PASS' : 'ABOVE';
    lines.push([server, peak.toFixed(0), judged ? `< ${MEMORY_GOAL}` : '', judged ? verdict : '']);
  }
  return formatTable(lines);
}

function allSamples({ samples }: Result): Sample[] {
  return Object.values(samples).flatMap((paths) => Object.values(paths).flat());
}

function measured(result: Result): readonly Workload[] {
  return Workloads.filter((workload) => result.samples[workload.name] !== undefined);
}

function ratioTo(to: string, result: Result, workload: Workload, path: string): Spread | null {
  const samples = result.samples[workload.name]?.[path];
  const base = result.samples[workload.name]?.[to];
  if (path === to || samples === undefined || base === undefined) return null;
  return ratios(rates(samples), rates(base));
}

function rates(samples: readonly Sample[]): number[] {
  return samples.map(rateOf);
}

/** The sum over a path's servers; with more than one, what each of them used. */
function cpu(samples: readonly Sample[]): string {
  const servers = Object.keys(samples[0]?.cpuSeconds ?? {});
  const each = servers.map((server) => median(samples.map((sample) => sample.cpuSeconds[server] ?? 0)));
  const all = spread(samples.map(cpuOf));
  const shares = each.length > 1 ? ` (${each.map((used) => used.toFixed(2)).join(' + ')})` : '';
  return `${all.median.toFixed(2)}${shares}`;
}

/** '' in results that were kept without. */
function clientCpu(samples: readonly Sample[]): string {
  const counted = samples.flatMap(({ clientCpuSeconds }) => clientCpuSeconds ?? []);
  return counted.length === 0 ? '' : median(counted).toFixed(2);
}

function times(ratio: Spread | null): string {
  return ratio === null ? '' : range(ratio);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
