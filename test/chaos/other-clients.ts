/** Other people's initiators, one process after the other, each down another path. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../sim/world/prng.ts';
import { type Disk, startQemuIo, urlOf } from '../support/disk.ts';
import { type RunningTool, startTool, type ToolEnd } from '../support/tools.ts';
import type { Findings } from './findings.ts';
import { CHUNK_BYTES, type Chunk, QemuChunks, type QemuStep } from './qemu-chunks.ts';

const PAUSE_MILLISECONDS = 300;
const STEPS = 12;
/** Longer than any fault: libiscsi connects again by itself, and sends again what was not answered. */
const QEMU_MILLISECONDS = 20_000;
/** It reads for a second; a unit attention on the way makes it wait for ever. */
const PERF_MILLISECONDS = 8_000;

abstract class Rounds {
  readonly counts = { processes: 0, failed: 0, killed: 0 };
  readonly #patience: number;
  #stopping = false;
  #over: Promise<void> = Promise.resolve();
  #running: RunningTool | null = null;

  /** `patience`: how long one process may take, in milliseconds. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  start(): void {
    this.#over = this.#loop();
  }

  /** Lets what runs end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#over;
  }

  kill(): void {
    this.#stopping = true;
    this.#running?.kill();
  }

  protected abstract round(): Promise<void>;

  protected async run(tool: RunningTool): Promise<ToolEnd> {
    this.#running = tool;
    this.counts.processes += 1;
    const timer = setTimeout(() => tool.kill(), this.#patience);
    const end = await tool.ended.finally(() => clearTimeout(timer));
    this.#running = null;
    if (end.code === null) this.counts.killed += 1;
    else if (end.code !== 0) this.counts.failed += 1;
    return end;
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      await this.round();
      await sleep(PAUSE_MILLISECONDS);
    }
  }
}

/** libiscsi's iscsi-perf: reads at random blocks. */
export class PerfClient extends Rounds {
  readonly #disks: readonly Disk[];
  readonly #prng: Prng;

  constructor(disks: readonly Disk[], prng: Prng) {
    super(PERF_MILLISECONDS);
    this.#disks = disks;
    this.#prng = prng;
  }

  protected override async round(): Promise<void> {
    const url = urlOf(this.#prng.pick(this.#disks));
    await this.run(startTool('iscsi-perf', ['-m', '2', '-b', '16', '-r', '-t', '1', url]));
  }
}

/** QEMU's qemu-io: writes patterns and reads them back, through libiscsi. */
export class QemuClient extends Rounds {
  readonly steps = { writes: 0, reads: 0 };
  readonly disks: readonly Disk[];
  readonly #prng: Prng;
  readonly #chunks: QemuChunks;

  /** All of the disks are one unit. */
  constructor(disks: readonly Disk[], prng: Prng, findings: Findings) {
    super(QEMU_MILLISECONDS);
    this.disks = disks;
    this.#prng = prng;
    this.#chunks = new QemuChunks(findings);
  }

  /** Reads every chunk that something was written to through this path. Gives false where the path failed. */
  async readAll(disk: Disk): Promise<boolean> {
    const chunks = this.#chunks.written();
    const { steps, end } = await this.#go(
      disk,
      chunks.map((chunk) => this.#chunks.read(chunk)),
    );
    return end.code === 0 && steps.every(({ done }) => done);
  }

  protected override async round(): Promise<void> {
    const steps: QemuStep[] = [];
    const written = new Set<Chunk>();
    const read = new Set<Chunk>();
    for (let count = 0; count < STEPS; count += 1) {
      const chunk = this.#chunks.pick(this.#prng);
      // What was read is left as it is, so that one can look at it.
      if (read.has(chunk)) continue;
      const known = this.#chunks.isKnown(chunk) || written.has(chunk);
      const reads = known && this.#prng.chance(0.5);
      (reads ? read : written).add(chunk);
      steps.push(reads ? this.#chunks.read(chunk) : this.#chunks.write(chunk));
    }
    await this.#go(this.#prng.pick(this.disks), steps);
  }

  async #go(disk: Disk, steps: QemuStep[]): Promise<{ readonly steps: QemuStep[]; readonly end: ToolEnd }> {
    const commands = steps.map(({ command }) => command);
    const end = await this.run(startQemuIo(disk, commands));
    for (const wrong of this.#chunks.ended(steps, end.out)) await this.#look(disk, wrong);
    for (const { kind, done } of steps) if (done) this.steps[kind === 'write' ? 'writes' : 'reads'] += 1;
    return { steps, end };
  }

  /** What is in a chunk that does not hold what it should. */
  async #look(disk: Disk, chunk: Chunk): Promise<void> {
    const end = await this.run(startQemuIo(disk, [`read -v ${chunk.offset} ${CHUNK_BYTES}`]));
    this.#chunks.complain(chunk, end.out, urlOf(disk));
  }
}
