/** What one seed's cluster, clients and faults are like: each seed draws some of everything, and most seeds lack most faults. */
import type { ClientTraits, PathPolicy } from './clients/client-traits.ts';
import type { ReservationTraits } from './clients/cluster-member.ts';
import type { DiskTraits } from './env/disk-file.ts';
import type { NetworkTraits } from './env/fabric.ts';
import type { Prng } from './world/prng.ts';

/** Faults by kind: how many there are in a second of the safety phase. */
export interface FaultRates {
  readonly cut: number;
  readonly oneWayCut: number;
  readonly stall: number;
  readonly reset: number;
  readonly pauseSystem: number;
  readonly pauseClient: number;
  readonly kill: number;
  readonly powerCut: number;
  readonly cleanStop: number;
  readonly slowDisk: number;
  readonly readError: number;
  readonly writeError: number;
  readonly noSpace: number;
  readonly flushError: number;
  /** Two systems have no common key for a while. */
  readonly otherKeys: number;
  readonly clientDeath: number;
}

/** TLS is simulated by its outcome: who is at the other end is proven, or there is no connection. */
export type LinkTransport = 'tcp' | 'fcip' | 'tls';

export interface Swarm {
  readonly systems: number;
  /** By system: at which addresses partners reach it. A pair has a link to each of the dialed one's. */
  readonly links: readonly (readonly LinkTransport[])[];
  readonly units: number;
  readonly unitBlocks: number;
  readonly clients: number;
  /** Ports that serve all units, or a local and a proxy port a system. */
  readonly splitPorts: boolean;
  /** Only the links between systems are in trouble, and clients are patient: the product has to end every command in time. */
  readonly linksOnly: boolean;
  readonly readSetLength: number;
  readonly network: NetworkTraits;
  readonly disk: DiskTraits;
  readonly faults: FaultRates;
  readonly clientTraits: readonly ClientTraits[];
  /** Null: nobody makes reservations. */
  readonly reservations: ReservationTraits | null;
}

/**
 * Longer than a history: what the product leaves hanging stays so. Nobody resets units, for what a reset takes from others
 * ends without an answer, by their timeouts alone.
 */
const PATIENCE = { commandTimeout: 60_000, abortTimeout: 1_000, resetRate: 0 } as const;
/** Gives a path up soon, and goes on with the same few blocks by another. */
const HASTY = { commandTimeout: 800, abortTimeout: 200, hotBlocks: 4, readShare: 0.3, depth: 4 } as const;
/**
 * ms: a link that is silent ends after 2 to 2.5 s, and a write waits for its proof for 2 s at the most. A write may wait behind another's, then for
 * its own proof, and its answer for a link that ends: three such waits.
 */
const ANSWER_WITHIN = 7_500;

const policies: readonly PathPolicy[] = ['priority', 'priority', 'roundRobin', 'proxied'];

/** Operations a second of all clients, about. Without a bound a tenth of the seeds would take half of the time of all. */
const MOST_OPERATIONS: readonly number[] = [30, 60, 120, 480];

export function drawSwarm(prng: Prng): Swarm {
  const clients = 1 + prng.below(prng.pick([2, 4, 8]));
  const unitBlocks = prng.pick([256, 1024, 2048]);
  const systems = prng.pick([2, 2, 2, 3, 4]);
  const linksOnly = prng.chance(0.15);
  const isGray = !linksOnly && prng.chance(0.12);
  const patient = linksOnly || (!isGray && prng.chance(0.2));
  return {
    systems,
    linksOnly,
    links: Array.from({ length: systems }, () => drawLinks(prng)),
    units: 1 + prng.below(4),
    unitBlocks,
    clients,
    splitPorts: prng.chance(0.3),
    readSetLength: prng.pick([4096, 16_384, 65_536]),
    network: drawNetwork(prng),
    disk: {
      latency: prng.pick([0.1, 1, 5]),
      cachedChance: prng.pick([0, 0.5, 0.95]),
      writebackChance: prng.pick([0, 0.3]),
    },
    faults: isGray ? drawGrayFaults(prng) : linksOnly ? drawLinkFaults(prng) : drawFaults(prng),
    clientTraits: rested(
      prng.pick(MOST_OPERATIONS),
      Array.from({ length: clients }, () => {
        const traits = drawClient(prng, clients, unitBlocks);
        if (isGray) return { ...traits, ...HASTY, policy: prng.pick(['roundRobin', 'proxied'] as const) };
        return patient ? { ...traits, ...PATIENCE, answerWithin: linksOnly ? ANSWER_WITHIN : null } : traits;
      }),
    ),
    reservations: prng.chance(0.2) ? drawReservations(prng, clients, !patient) : null,
  };
}

/** A few requests a second of all clients together. */
function drawReservations(prng: Prng, clients: number, aborts: boolean): ReservationTraits {
  return { rate: prng.pick([2, 5]) / clients, persistShare: prng.pick([0, 0.5, 1]), aborts };
}

/** What they do at the same time stays as it is: they rest together. */
function rested(most: number, clients: readonly ClientTraits[]): ClientTraits[] {
  const load = clients.reduce((sum, { depth, think }) => sum + (2_000 * depth) / think, 0);
  return clients.map((traits) => ({ ...traits, duty: Math.min(1, most / load) }));
}

function drawLinks(prng: Prng): LinkTransport[] {
  return Array.from({ length: prng.pick([1, 1, 2, 3]) }, () =>
    prng.pick(['tcp', 'tcp', 'fcip', 'tls'] as const),
  );
}

function drawNetwork(prng: Prng): NetworkTraits {
  return {
    latency: prng.pick([0.05, 0.2, 1]),
    jitter: prng.pick([0.02, 0.5, 5]),
    splitChance: prng.pick([0, 0.1, 0.5]),
    longestPiece: prng.pick([40, 1_448, 20_000]),
    window: prng.pick([16_384, 262_144, 4_194_304]),
    bytesAreSafe: prng.chance(0.7),
  };
}

export const noFaults: FaultRates = {
  cut: 0,
  oneWayCut: 0,
  stall: 0,
  reset: 0,
  pauseSystem: 0,
  pauseClient: 0,
  kill: 0,
  powerCut: 0,
  cleanStop: 0,
  slowDisk: 0,
  readError: 0,
  writeError: 0,
  noSpace: 0,
  flushError: 0,
  otherKeys: 0,
  clientDeath: 0,
};

/** Most kinds are off in a seed, so that those that are on meet in many ways. */
function drawFaults(prng: Prng): FaultRates {
  const rate = (probability: number, ...rates: readonly number[]): number =>
    prng.chance(probability) ? prng.pick(rates) : 0;
  return {
    cut: rate(0.35, 0.1, 0.5),
    oneWayCut: rate(0.35, 0.1, 0.5),
    stall: rate(0.4, 0.3, 2),
    reset: rate(0.4, 0.3, 2),
    pauseSystem: rate(0.35, 0.1, 0.5),
    pauseClient: rate(0.2, 0.2),
    kill: rate(0.25, 0.1, 0.3),
    powerCut: rate(0.25, 0.1, 0.3),
    cleanStop: rate(0.2, 0.1, 0.3),
    slowDisk: rate(0.25, 0.2),
    readError: rate(0.1, 0.2),
    writeError: rate(0.15, 0.2),
    noSpace: rate(0.1, 0.2),
    flushError: rate(0.1, 0.1),
    otherKeys: rate(0.2, 0.2),
    clientDeath: rate(0.3, 0.1, 0.5),
  };
}

/** Nothing is closed, and little arrives in time: what makes ghost writes. */
function drawGrayFaults(prng: Prng): FaultRates {
  return { ...noFaults, stall: 4, pauseSystem: prng.pick([0, 0.5]), clientDeath: prng.pick([0, 0.3]) };
}

/** Those that a link feels, often. */
function drawLinkFaults(prng: Prng): FaultRates {
  const rate = (): number => prng.pick([0, 0.3, 1]);
  return { ...noFaults, cut: rate(), oneWayCut: rate(), stall: rate(), reset: rate() };
}

function drawClient(prng: Prng, clients: number, unitBlocks: number): ClientTraits {
  const maxBurst = prng.pick([4_096, 65_536, 1_048_576]);
  return {
    policy: prng.pick(policies),
    depth: prng.pick([1, 1, 2, 4, 8]),
    // All clients together, so that a seed with many of them does not take longer.
    think: prng.pick([5, 15, 60]) * Math.max(1, clients / 2),
    duty: 1,
    hotBlocks: Math.min(unitBlocks, prng.pick([4, 16, 128])),
    // Each burst takes a round trip: one that takes more of them than a timeout lasts would never end.
    longest: prng.pick([8, 64, Math.min(1024, maxBurst / 64)]),
    longChance: prng.pick([0.02, 0.1]),
    readShare: prng.pick([0.3, 0.5]),
    flushShare: prng.pick([0, 0.1]),
    fuaShare: prng.pick([0, 0.3]),
    zeroShare: prng.pick([0, 0, 0.1]),
    compareShare: prng.pick([0, 0.2, 0.5]),
    commandTimeout: prng.pick([800, 1_500, 3_000]),
    abortTimeout: prng.pick([200, 1_000]),
    answerWithin: null,
    resetRate: prng.chance(0.2) ? 0.3 : 0,
    session: {
      initialR2T: prng.chance(0.4),
      immediateData: prng.chance(0.7),
      firstBurst: prng.pick([512, 4_096, 65_536, 262_144]),
      maxBurst,
      segment: prng.pick([512, 8_192, 262_144]),
    },
  };
}
