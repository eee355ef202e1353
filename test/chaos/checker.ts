/**
 * Whether what was read of a block can be so. All writers together write a block one operation after the other, and an
 * operation's attempts one after the other, each with a higher version, the next begun only when the last had been answered or its
 * session given up. So the versions that a block holds may only go up: a read must not give a version older than the
 * newest that was acknowledged, or that a read had given, before it began. Reads may run beside writes.
 */
import type { FindingKind, Findings } from './findings.ts';
import { BLOCK_LENGTH, readStamp, type Stamp, writeStamp } from './stamp.ts';

interface Range {
  readonly unit: number;
  readonly block: number;
  readonly blocks: number;
}

/** One sending of a write down one path. */
export interface Attempt extends Range {
  readonly version: number;
  /** Those of one operation carry the same data in a real host: one that lands late behind another does no harm there. */
  readonly operation: number;
  readonly writer: number;
  readonly path: string;
  readonly began: number;
  /** How it ended for its client, and when. */
  end: string;
  acknowledged: boolean;
}

export interface Read extends Range {
  readonly path: string;
  /** By block: the oldest version that it may give. */
  readonly floors: readonly number[];
}

/** Of a read's block: where it was, and what was the oldest allowed. */
interface Place {
  readonly unit: number;
  readonly block: number;
  readonly path: string;
  readonly floor: number;
}

export class Checker {
  blocksRead = 0;
  readonly #findings: Findings;
  readonly #attempts: Attempt[] = [];
  #operations = 0;
  /** By unit, by block. */
  readonly #floors = new Map<number, Map<number, number>>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  newOperation(): number {
    this.#operations += 1;
    return this.#operations;
  }

  beginWrite(range: Range, operation: number, writer: number, path: string): Attempt {
    const { now } = this.#findings;
    const version = this.#attempts.length + 1;
    const life = { began: now, end: 'is under way', acknowledged: false };
    const attempt = { ...range, version, operation, writer, path, ...life };
    this.#attempts.push(attempt);
    return attempt;
  }

  dataOf({ unit, block, blocks, version, writer }: Attempt): Buffer {
    const data = Buffer.alloc(blocks * BLOCK_LENGTH);
    for (let index = 0; index < blocks; index += 1)
      writeStamp(data, index * BLOCK_LENGTH, { unit, block: block + index, version, writer });
    return data;
  }

  acknowledged(attempt: Attempt): void {
    attempt.acknowledged = true;
    this.#ended(attempt, 'acknowledged');
    for (let index = 0; index < attempt.blocks; index += 1)
      this.#raise(attempt.unit, attempt.block + index, attempt.version);
  }

  /** `why`: refused, aborted, or lost with its session. Only the last may still run. */
  givenUp(attempt: Attempt, why: string): void {
    this.#ended(attempt, why);
  }

  beginRead(range: Range, path: string): Read {
    const { unit, block, blocks } = range;
    const floors = Array.from({ length: blocks }, (_, index) => this.#floor(unit, block + index));
    return { ...range, path, floors };
  }

  /** `atTheEnd`: nothing else runs any more, so what is not there is lost. */
  endRead({ unit, block, blocks, path, floors }: Read, data: Buffer, atTheEnd = false): void {
    if (data.length !== blocks * BLOCK_LENGTH) {
      this.#findings.add('refused', `a read of ${blocks} blocks through ${path} gave ${data.length} bytes`);
      return;
    }
    this.blocksRead += blocks;
    for (const [index, floor] of floors.entries())
      this.#check({ unit, block: block + index, path, floor }, data, index * BLOCK_LENGTH, atTheEnd);
  }

  #check(place: Place, data: Buffer, at: number, atTheEnd: boolean): void {
    const content = readStamp(data, at);
    if (content.kind === 'torn' || content.kind === 'foreign') {
      const bytes = data.subarray(at, at + 32).toString('hex');
      return this.#complain(content.kind, place, `holds ${bytes}...`, '');
    }
    const version = content.kind === 'stamp' ? content.stamp.version : 0;
    if (content.kind === 'stamp' && !this.#wrote(content.stamp, place)) {
      const { stamp } = content;
      const of = `unit ${stamp.unit} block ${stamp.block} version ${stamp.version} writer ${stamp.writer}`;
      return this.#complain('foreign', place, `holds ${of}`, '');
    }
    if (version >= place.floor) return this.#raise(place.unit, place.block, version);
    const attempt = this.#attempts[version - 1];
    const old = atTheEnd ? 'lost' : 'stale';
    const kind = attempt !== undefined && !attempt.acknowledged ? 'ghost' : old;
    const newer = this.#attempts[place.floor - 1];
    const twins = attempt !== undefined && attempt.operation === newer?.operation;
    const what = `${textOf(attempt)} although there was ${textOf(newer)}`;
    const note = twins ? ', of the same operation' : '';
    this.#complain(kind, place, `gives version ${version}`, `: ${what}${note}`);
  }

  #wrote({ unit, block, version, writer }: Stamp, place: Place): boolean {
    const attempt = this.#attempts[version - 1];
    if (attempt === undefined || unit !== place.unit || block !== place.block) return false;
    const inside = block >= attempt.block && block < attempt.block + attempt.blocks;
    return attempt.unit === unit && attempt.writer === writer && inside;
  }

  #complain(kind: FindingKind, { unit, block, path }: Place, what: string, details: string): void {
    this.#findings.add(kind, `unit ${unit} block ${block} ${what}`, `, read through ${path}${details}`);
  }

  #ended(attempt: Attempt, how: string): void {
    attempt.end = `${how} at ${this.#findings.now.toFixed(3)}`;
  }

  #floor(unit: number, block: number): number {
    return this.#floors.get(unit)?.get(block) ?? 0;
  }

  #raise(unit: number, block: number, version: number): void {
    const floors = this.#floors.get(unit) ?? new Map<number, number>();
    this.#floors.set(unit, floors);
    if (version > this.#floor(unit, block)) floors.set(block, version);
  }
}

function textOf(attempt: Attempt | undefined): string {
  if (attempt === undefined) return 'zeroes';
  const { version, writer, path, began, end, block, blocks } = attempt;
  return `version ${version} (client ${writer}, [${block}, ${block + blocks}) through ${path}, began at ${began.toFixed(3)}, ${end})`;
}
