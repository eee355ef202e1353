/**
 * Whether what was read of a block can be explained by one order of its writes. Every version is written once, which
 * makes that easy to decide (Gibbons and Korach, Testing Shared Memories, 1997): the zone of a version reaches from the
 * first end to the last start among its write and its reads. If it runs forward (end before start) the block held that
 * version all along it: no two forward zones overlap, and none has a whole backward zone inside.
 */
import { Violation } from '../world/world.ts';
import { comparedWrongly, joined } from './comparing.ts';
import {
  type Era,
  type History,
  NEVER,
  type ReadRecord,
  type UnitHistory,
  type WriteRecord,
} from './history.ts';
import { type Interval, unexplainedZeroes } from './zeroes.ts';

export interface Zone {
  readonly version: number;
  firstEnd: number;
  lastStart: number;
  /** What the block held when the era began. */
  readonly isInitial: boolean;
}

function isForward({ firstEnd, lastStart }: Zone): boolean {
  return firstEnd < lastStart;
}

/** Throws the first Violation. */
export function checkHistory(history: History): void {
  for (const [index, unit] of history.units.entries()) {
    for (let block = 0; block < unit.readsByBlock.length; block += 1) {
      new BlockCheck(history, unit, index, block).check();
    }
  }
}

class BlockCheck {
  readonly #history: History;
  readonly #unit: UnitHistory;
  readonly #name: string;
  readonly #block: number;
  readonly #writes: readonly WriteRecord[];
  readonly #reads: readonly ReadRecord[];
  readonly #zeroWrites: readonly WriteRecord[];

  constructor(history: History, unit: UnitHistory, index: number, block: number) {
    this.#history = history;
    this.#unit = unit;
    this.#name = `unit ${index} block ${block}`;
    this.#block = block;
    this.#writes = unit.writesByBlock[block] ?? [];
    this.#reads = unit.readsByBlock[block] ?? [];
    this.#zeroWrites = this.#writes.filter(({ kind }) => kind === 'zeroes');
  }

  check(): void {
    if (this.#writes.length === 0 && this.#reads.every(({ version }) => version === 0)) return;
    for (const [index, era] of this.#unit.eras.entries()) {
      const next = this.#unit.eras[index + 1];
      this.#checkEra(era, next?.start ?? NEVER, next ?? null);
    }
  }

  #checkEra(era: Era, end: number, next: Era | null): void {
    const zones = new Map<number, Zone>();
    const initial = this.#held(era);
    if (!this.#isZeroes(initial)) {
      zones.set(initial, { version: initial, firstEnd: era.start, lastStart: era.start, isInitial: true });
    }
    // One that was under way when the owner died may show either side of it.
    const reads = this.#reads.filter((read) => read.start >= era.start && read.end <= end);
    for (const read of reads) if (!this.#isZeroes(read.version)) this.#addRead(zones, read, era);
    for (const write of this.#writes) this.#addWrite(zones, write, era, end);
    const ofZeroes = reads.filter(({ version }) => this.#isZeroes(version));
    this.#checkZeroes(ofZeroes, zones, era, reads);
    const zeroes = ofZeroes.map((read) => ({ ...zoneOfRead(read), isInitial: false }));
    this.#checkZones([...zones.values(), ...zeroes]);
    this.#checkComparing(zones, zeroes, era);
    if (next !== null) this.#checkLoss(zones, era, next);
  }

  /** Zeroes that may have been put there by any of several writes. Where nobody wrote zeroes they are what was there at first. */
  #isZeroes(version: number): boolean {
    return version === 0 && this.#zeroWrites.length > 0;
  }

  #checkZeroes(
    ofZeroes: readonly ReadRecord[],
    zones: ReadonlyMap<number, Zone>,
    era: Era,
    reads: readonly ReadRecord[],
  ): void {
    const written = [...zones.values()].flatMap(({ version }) => {
      const write = this.#history.writes[version - 1];
      const counts = write?.acknowledged === true && write.kind !== 'zeroes' && write.start >= era.start;
      return counts ? [write] : [];
    });
    const others = [...written, ...reads.filter(({ version }) => version !== 0)];
    const wrong = unexplainedZeroes(ofZeroes, this.#sourcesOfZeroes(era), others)[0];
    if (wrong === undefined) return;
    this.#fail('zeroes that no write explains', [{ ...zoneOfRead(wrong), isInitial: false }]);
  }

  /** What may have left zeroes in the block since the era began. */
  #sourcesOfZeroes(era: Era): Interval[] {
    const written = this.#zeroWrites
      .filter((write) => !write.neverRan && this.#endOf(write) >= era.start)
      .map((write) => ({ start: write.start, end: this.#endOf(write) }));
    return this.#held(era) === 0 ? [{ start: era.start, end: era.start }, ...written] : written;
  }

  #checkComparing(zones: ReadonlyMap<number, Zone>, zeroes: readonly Zone[], era: Era): void {
    const writes = this.#writes.filter(({ expected, start }) => expected !== null && start >= era.start);
    if (writes.length === 0) return;
    const problem = comparedWrongly(writes, zones);
    if (problem !== null) this.#fail(problem.what, problem.zones);
    this.#checkZones([...joined(writes, zones), ...zeroes]);
  }

  #held({ versions }: Era): number {
    return versions?.[this.#block] ?? 0;
  }

  #addRead(zones: Map<number, Zone>, read: ReadRecord, era: Era): void {
    const zone = zones.get(read.version) ?? this.#zoneOf(this.#write(read), era);
    zones.set(read.version, zone);
    const write = read.version === 0 ? null : this.#write(read);
    if (write !== null && read.end < write.start) this.#fail('a value before it was written', [zone]);
    if (write !== null && (write.neverRan || !covers(write, this.#block))) {
      this.#fail('a value that was not written here', [zone]);
    }
    if (!zone.isInitial && write !== null && this.#endOf(write) < era.start) {
      this.#fail('a write of before the owner died appears after it', [zone]);
    }
    zone.firstEnd = Math.min(zone.firstEnd, read.end);
    zone.lastStart = Math.max(zone.lastStart, read.start);
  }

  #write({ version }: { readonly version: number }): WriteRecord {
    const write = this.#history.writes[version - 1];
    if (write !== undefined) return write;
    throw new Violation('linearizability', `${this.#name}: version ${version}, which nobody wrote`);
  }

  /** One that has not been read counts only if it certainly ran in this era. */
  #addWrite(zones: Map<number, Zone>, write: WriteRecord, era: Era, end: number): void {
    if (zones.has(write.version)) return;
    const certain = write.acknowledged && write.start >= era.start && write.end <= end;
    if (certain) zones.set(write.version, this.#zoneOf(write, era));
  }

  #zoneOf(write: WriteRecord, era: Era): Zone {
    const lastStart = Math.max(write.start, era.start);
    return { version: write.version, firstEnd: this.#endOf(write), lastStart, isInitial: false };
  }

  /** A write does not run once its client has given it up: the product has the proof, or asks for it. */
  #endOf(write: WriteRecord): number {
    return Math.min(write.end, write.givenUp);
  }

  #checkZones(zones: readonly Zone[]): void {
    const forward = zones.filter(isForward).sort((one, other) => one.firstEnd - other.firstEnd);
    const backward = zones.filter((zone) => !isForward(zone));
    backward.sort((one, other) => one.lastStart - other.lastStart);
    // In this order, if any two overlap, two neighbours do.
    for (const [index, zone] of forward.entries()) {
      const next = forward[index + 1];
      if (next !== undefined && next.firstEnd < zone.lastStart) this.#failOrder(zone, next);
    }
    // Now one alone can hold a backward zone: the last that begins before it.
    let at = 0;
    for (const zone of backward) {
      while ((forward[at + 1]?.firstEnd ?? NEVER) < zone.lastStart) at += 1;
      const long = forward[at];
      if (long !== undefined && long.firstEnd < zone.lastStart && zone.firstEnd < long.lastStart) {
        this.#failOrder(long, zone);
      }
    }
  }

  #failOrder(long: Zone, other: Zone): never {
    this.#fail('no order of the writes explains the reads', [long, other]);
  }

  /** What the block held after the owner died must not be older than what had to survive. */
  #checkLoss(zones: ReadonlyMap<number, Zone>, era: Era, next: Era): void {
    const version = this.#held(next);
    const durable = next.after === 'kill' ? era : this.#lastDurable(era);
    const zone = this.#heldZone(version, zones, durable, era);
    for (const write of this.#writes) {
      const here = write.acknowledged && write.start >= durable.start && write.end <= next.start;
      const isHeld = write.kind === 'zeroes' ? version === 0 : write.version === version;
      if (!here || isHeld || !this.#mustSurvive(write, next)) continue;
      if (zone.firstEnd < write.start) {
        const lost = zones.get(write.version);
        this.#fail(
          `version ${write.version} is lost (${next.after})`,
          lost === undefined ? [zone] : [zone, lost],
        );
      }
    }
  }

  /** What a process that was killed leaves in the cache is not durable yet: the last era that began with what was. */
  #lastDurable(era: Era): Era {
    const { eras } = this.#unit;
    let at = eras.indexOf(era);
    while (eras[at]?.after === 'kill') at -= 1;
    return eras[at] ?? era;
  }

  #heldZone(version: number, zones: ReadonlyMap<number, Zone>, durable: Era, era: Era): Zone {
    if (!this.#isZeroes(version)) return zones.get(version) ?? this.#olderZone(version, durable, era);
    const ends = this.#sourcesOfZeroes(durable).map(({ end }) => end);
    const zone = { version, firstEnd: Math.max(...ends), lastStart: durable.start, isInitial: false };
    if (ends.length === 0) this.#fail('zeroes that no write explains, after the owner died', [zone]);
    return zone;
  }

  /** Of a version that nobody saw in the last era. */
  #olderZone(version: number, durable: Era, era: Era): Zone {
    if (version === this.#held(durable)) {
      return { version, firstEnd: durable.start, lastStart: durable.start, isInitial: true };
    }
    const write = this.#write({ version });
    const zone = this.#zoneOf(write, era);
    if (this.#endOf(write) < durable.start)
      this.#fail('a write of before the last death appears after it', [zone]);
    return zone;
  }

  #mustSurvive(write: WriteRecord, next: Era): boolean {
    if (next.after === 'kill' || write.fua) return true;
    return this.#unit.flushes.some(({ start, end }) => start >= write.end && end <= next.start);
  }

  #fail(what: string, zones: readonly Zone[]): never {
    const text = zones.map((zone) => this.#describe(zone)).join('; ');
    throw new Violation('linearizability', `${this.#name}: ${what}: ${text}`);
  }

  #describe({ version, isInitial, firstEnd, lastStart }: Zone): string {
    const write = this.#history.writes[version - 1];
    const written =
      write === undefined
        ? 'zeroes'
        : `written ${write.start.toFixed(3)} to ${write.end.toFixed(3)}, given up ${write.givenUp.toFixed(3)}`;
    const held = isInitial ? ', held at the start' : '';
    return `version ${version} (${written}${held}) first end ${firstEnd.toFixed(3)} last start ${lastStart.toFixed(3)}`;
  }
}

function zoneOfRead({ version, start, end }: ReadRecord): Omit<Zone, 'isInitial'> {
  return { version, firstEnd: end, lastStart: start };
}

function covers({ lba, blocks }: WriteRecord, block: number): boolean {
  return lba <= block && block < lba + blocks;
}
