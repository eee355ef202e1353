import type { Lease } from '../../src/buffers/buffer-pool.ts';
import { type Command, type CommandResult, TaskAttribute } from '../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { BLOCK_COUNT, BLOCK_LENGTH, LUN, memoryUnit, PORT } from './memory-unit.ts';
import type { MicroBenchmark } from './micro.ts';

const READ_10 = 0x28;

/** From the router to the data and the status and back, with no transport around it. */
export function routerBenchmarks(): MicroBenchmark[] {
  return [4096, 262144].map((length) => ({
    name: `router and local unit, read ${length} bytes`,
    bytesPerOperation: length,
    run: (times) => read(length, times),
  }));
}

function read(length: number, times: number): void {
  const { router, settle } = memoryUnit();
  const nexus = router.openNexus('iqn.2026-11.dev.crosspath:micro', '000000000001', PORT, () => {});
  settle(nexus);
  const blocks = length / BLOCK_LENGTH;
  let bytes = 0;
  for (let i = 0; i < times; i++) {
    const command = new Read(nexus, i, (i * blocks) % (BLOCK_COUNT - blocks), blocks);
    router.execute(LUN, command);
    bytes += command.received;
  }
  if (bytes !== times * length) throw new Error(`${bytes} bytes instead of ${times * length}`);
}

/** A transport that takes all data at once and forgets it. */
class Read implements Command {
  readonly nexus: Nexus;
  readonly cdb = new Uint8Array(16);
  readonly taskAttribute = TaskAttribute.simple;
  readonly tag: number;
  readonly dataOutLength = 0;
  readonly dataInLength: number;
  readonly unsolicitedLength = 0;
  readonly dataInCredit: number;
  readonly readSetLength = 262144;
  readonly timing = null;
  received = 0;

  constructor(nexus: Nexus, tag: number, lba: number, blocks: number) {
    this.nexus = nexus;
    this.tag = tag;
    this.dataInLength = blocks * BLOCK_LENGTH;
    this.dataInCredit = this.dataInLength;
    this.cdb[0] = READ_10;
    this.cdb[2] = lba >>> 24;
    this.cdb[3] = lba >>> 16;
    this.cdb[4] = lba >>> 8;
    this.cdb[5] = lba;
    this.cdb[7] = blocks >>> 8;
    this.cdb[8] = blocks;
  }

  sendDataIn(_offset: number, data: Lease, _final: CommandResult | null): void {
    this.received += data.bytes.length;
    data.release();
  }

  /** A read that succeeds ends with its data. */
  complete(result: CommandResult): void {
    throw new Error(`a read ended with status ${result.status}`);
  }

  receiveDataOut(): void {}
  outcomeUnknown(): void {}
  aborted(): void {}
}
