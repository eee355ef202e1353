/**
 * What QEMU has been told of its chunks of a unit, each written whole with one byte. A chunk is known when its last
 * write succeeded: from then on it holds that byte and no other.
 */
import type { Prng } from '../../sim/world/prng.ts';
import type { Findings } from './findings.ts';

/** Behind the checker's blocks. */
const FIRST_BYTE = 32 * 1024 * 1024;
const CHUNKS = 16;
export const CHUNK_BYTES = 65_536;
/** Bytes repeat after that many writes; 0 is for what nobody wrote. */
const BYTES = 251;

interface Write {
  readonly byte: number;
  acknowledged: boolean;
}

export interface Chunk {
  readonly offset: number;
  count: number;
  /** The last of them, oldest first. */
  readonly writes: Write[];
}

export interface QemuStep {
  readonly kind: 'write' | 'read';
  readonly chunk: Chunk;
  readonly command: string;
  readonly write: Write | null;
  done: boolean;
}

export class QemuChunks {
  readonly #findings: Findings;
  readonly #chunks: readonly Chunk[];

  constructor(findings: Findings) {
    this.#findings = findings;
    this.#chunks = Array.from({ length: CHUNKS }, (_, index) => ({
      offset: FIRST_BYTE + index * CHUNK_BYTES,
      count: 0,
      writes: [],
    }));
  }

  pick(prng: Prng): Chunk {
    return prng.pick(this.#chunks);
  }

  /** Of an unknown outcome is none of these. */
  written(): Chunk[] {
    return this.#chunks.filter((chunk) => this.isKnown(chunk));
  }

  isKnown({ writes }: Chunk): boolean {
    return writes.at(-1)?.acknowledged === true;
  }

  write(chunk: Chunk): QemuStep {
    chunk.count += 1;
    const write = { byte: 1 + (chunk.count % BYTES), acknowledged: false };
    chunk.writes.push(write);
    if (chunk.writes.length > BYTES / 2) chunk.writes.shift();
    return {
      kind: 'write',
      chunk,
      command: `write -P ${write.byte} ${chunk.offset} ${CHUNK_BYTES}`,
      write,
      done: false,
    };
  }

  read(chunk: Chunk): QemuStep {
    const byte = chunk.writes.at(-1)?.byte;
    const command = `read -P ${byte} ${chunk.offset} ${CHUNK_BYTES}`;
    return { kind: 'read', chunk, command, write: null, done: false };
  }

  /** Goes through what qemu-io printed. Gives the chunks that were read and were not as they should be. */
  ended(steps: readonly QemuStep[], out: string): Chunk[] {
    const wrong: Chunk[] = [];
    const left = [...steps];
    for (const line of out.split('\n')) {
      const failed = line.match(/^Pattern verification failed at offset (\d+)/);
      const done = line.match(/^(wrote|read) (\d+)\/(\d+) bytes at offset (\d+)/);
      const [step] = left;
      if (failed !== null && step?.kind === 'read' && Number(failed[1]) === step.chunk.offset)
        wrong.push(step.chunk);
      if (done === null || step === undefined) continue;
      const [, verb, bytes, , offset] = done;
      const isIt = (verb === 'wrote') === (step.kind === 'write') && Number(offset) === step.chunk.offset;
      if (!isIt || Number(bytes) !== CHUNK_BYTES) break;
      left.shift();
      step.done = true;
      if (step.write !== null) step.write.acknowledged = true;
    }
    return wrong;
  }

  /** `dump`: what `read -v` of the chunk printed. */
  complain(chunk: Chunk, dump: string, where: string): void {
    const bytes = new Set(
      [...dump.matchAll(/^[0-9a-f]{8}:((?: {1,2}[0-9a-f]{2}){1,16})/gm)].flatMap(([, hex = '']) =>
        hex
          .trim()
          .split(/\s+/)
          .map((byte) => Number.parseInt(byte, 16)),
      ),
    );
    const newest = chunk.writes.findLast(({ acknowledged }) => acknowledged);
    for (const byte of bytes) {
      if (byte === newest?.byte) continue;
      const write = chunk.writes.findLast((candidate) => candidate.byte === byte);
      const kind = write === undefined ? 'foreign' : write.acknowledged ? 'stale' : 'ghost';
      const what = `QEMU's chunk at ${chunk.offset} holds byte ${byte}`;
      this.#findings.add(kind, what, `, not ${newest?.byte}, read through ${where}`);
    }
    if (bytes.size === 1 && newest !== undefined && bytes.has(newest.byte))
      this.#findings.add(
        'stale',
        `QEMU's chunk at ${chunk.offset} held another byte than ${newest.byte} for a while`,
      );
  }
}
