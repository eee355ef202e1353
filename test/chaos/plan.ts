/** Which faults strike, in what order, and for how long: all of it from a seed. When in the clients' work they strike is up to the machine. */
import { Prng } from '../../sim/world/prng.ts';
import type { SystemName } from '../support/cluster.ts';

export const portalNames = [
  'alpha-local',
  'alpha-proxy',
  'alpha-all',
  'beta-local',
  'beta-proxy',
  'beta-all',
] as const;
/** What has a relay of its own: each portal, and the link between the systems. */
export type RelayName = (typeof portalNames)[number] | 'link';

const relayWays = [
  'stall',
  'stallFromClient',
  'stallFromServer',
  'cut',
  'reset',
  'throttle',
  'split',
] as const;

export type Fault =
  | {
      readonly kind: 'relay';
      readonly relay: RelayName;
      readonly way: (typeof relayWays)[number];
      /** Bytes a second for 'throttle', bytes for 'split'. */
      readonly measure: number;
      readonly seconds: number;
    }
  | { readonly kind: 'stop' | 'kill'; readonly system: SystemName; readonly seconds: number };

/** Two that strike at a time hit different things. */
export type Strike = readonly [Fault] | readonly [Fault, Fault];

export interface PlanOptions {
  readonly seed: number;
  /** Path failures: of a relay, or a system that is stopped for a while. */
  readonly failures: number;
  readonly kills: number;
  /** In seconds. */
  readonly longest: number;
}

const SHORTEST = 0.3;
const SHORTEST_STOP = 1;
const LONGEST_DOWN = 2;
const OVERLAP_CHANCE = 0.2;
const LINK_CHANCE = 0.4;
const STOP_CHANCE = 0.2;

export function planFaults({ seed, failures, kills, longest }: PlanOptions): Strike[] {
  const prng = new Prng(seed, 0);
  const faults: Fault[] = [
    ...Array.from({ length: failures }, () => drawFailure(prng, longest)),
    ...Array.from({ length: kills }, () => drawKill(prng, longest)),
  ];
  return pair(shuffled(faults, prng), prng);
}

export function describeFault(fault: Fault): string {
  const seconds = `${fault.seconds.toFixed(1)} s`;
  switch (fault.kind) {
    case 'relay': {
      const measure = { throttle: ` ${fault.measure} bytes/s`, split: ` ${fault.measure} bytes` };
      const how = fault.way === 'throttle' || fault.way === 'split' ? measure[fault.way] : '';
      return `${fault.way}${how} ${fault.relay} ${seconds}`;
    }
    case 'stop':
      return `SIGSTOP ${fault.system} ${seconds}`;
    case 'kill':
      return `kill -9 ${fault.system}, down ${seconds}`;
  }
}

function drawFailure(prng: Prng, longest: number): Fault {
  if (prng.chance(STOP_CHANCE))
    return { kind: 'stop', system: drawSystem(prng), seconds: prng.between(SHORTEST_STOP, longest) };
  const relay = prng.chance(LINK_CHANCE) ? 'link' : prng.pick(portalNames);
  const way = prng.pick(relayWays);
  const measure = way === 'throttle' ? prng.pick([2_000, 50_000, 500_000]) : prng.pick([7, 100, 1_000]);
  return { kind: 'relay', relay, way, measure, seconds: prng.between(SHORTEST, longest) };
}

function drawKill(prng: Prng, longest: number): Fault {
  const seconds = prng.between(0, Math.min(longest, LONGEST_DOWN));
  return { kind: 'kill', system: drawSystem(prng), seconds };
}

function drawSystem(prng: Prng): SystemName {
  return prng.pick(['alpha', 'beta'] as const);
}

function shuffled<T>(items: readonly T[], prng: Prng): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(prng.below(left.length), 1));
}

function pair(faults: readonly Fault[], prng: Prng): Strike[] {
  const strikes: Strike[] = [];
  for (let at = 0; at < faults.length; at += 1) {
    const [fault, next] = faults.slice(at, at + 2);
    if (fault === undefined) break;
    const together = next !== undefined && prng.chance(OVERLAP_CHANCE) && targetOf(fault) !== targetOf(next);
    strikes.push(together ? [fault, next] : [fault]);
    if (together) at += 1;
  }
  return strikes;
}

function targetOf(fault: Fault): string {
  return fault.kind === 'relay' ? fault.relay : fault.system;
}
