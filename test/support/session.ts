import assert from 'node:assert/strict';
import { IscsiInitiator, type ScsiResult, type SentCommand } from '../../client/iscsi-initiator.ts';
import type { Sense } from '../../src/wire/scsi/sense.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import type { Cluster } from './cluster.ts';

const BLOCK_LENGTH = 512;
const UNIT_ATTENTION = 6;

/** A CDB, and how much data-in to ask for with it. */
export interface Cdb {
  readonly bytes: Uint8Array;
  readonly dataInLength: number;
}

const cdb = (dataInLength: number, ...bytes: number[]): Cdb => ({
  bytes: Uint8Array.from(bytes),
  dataInLength,
});

/** CDBs byte by byte (SPC-4 6, SBC-3 5), so that the product's own encoders prove nothing to themselves. */
export const Cdb = {
  testUnitReady: cdb(0, 0x00, 0, 0, 0, 0, 0),
  requestSense: cdb(252, 0x03, 0, 0, 0, 252, 0),
  inquiry: cdb(255, 0x12, 0, 0, 0, 255, 0),
  vpd: (page: number) => cdb(1024, 0x12, 1, page, 4, 0, 0),
  reportLuns: cdb(1024, 0xa0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0),
  reportTargetPortGroups: cdb(1024, 0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0),
  read10: (block: number, blocks: number) =>
    cdb(blocks * BLOCK_LENGTH, 0x28, 0, 0, 0, ...u16(block), 0, ...u16(blocks), 0),
  write10: (block: number, blocks: number) => cdb(0, 0x2a, 0, 0, 0, ...u16(block), 0, ...u16(blocks), 0),
};

function u16(value: number): [number, number] {
  return [value >>> 8, value & 0xff];
}

/** A session of our own client, for what other people's clients do not let one see. */
export class Session {
  readonly initiator: IscsiInitiator;

  private constructor(initiator: IscsiInitiator) {
    this.initiator = initiator;
  }

  /** `initiatorName`: one without a LUN map where not given. */
  static async open(
    cluster: Cluster,
    port: string,
    initiatorName = 'iqn.2026-11.dev.crosspath.test:session',
  ): Promise<Session> {
    const { portal, targetName } = cluster.port(port);
    return new Session(await IscsiInitiator.connect({ ...portal, initiatorName, targetName }));
  }

  run(lun: number, { bytes, dataInLength }: Cdb): Promise<ScsiResult> {
    return this.initiator.command(lun, bytes, { dataInLength });
  }

  /** Runs a command that has to succeed. Gives the data-in that came. */
  async data(lun: number, command: Cdb): Promise<Uint8Array> {
    const { status, sense, dataIn } = await this.run(lun, command);
    assert.equal(status, Status.good, `status ${status}, sense ${JSON.stringify(sense)}`);
    return dataIn;
  }

  /** Writes that many whole blocks of one byte, and does not wait. */
  startWrite(lun: number, block: number, blocks: number, byte: number): SentCommand {
    const dataOut = new Uint8Array(blocks * BLOCK_LENGTH).fill(byte);
    return this.initiator.start(lun, Cdb.write10(block, blocks).bytes, { dataOut });
  }

  /** The unit attentions that wait for this nexus, in order. */
  async unitAttentions(lun: number): Promise<Sense[]> {
    const attentions: Sense[] = [];
    for (;;) {
      const { sense } = await this.run(lun, Cdb.testUnitReady);
      if (sense?.key !== UNIT_ATTENTION) return attentions;
      attentions.push(sense);
    }
  }

  async close(): Promise<void> {
    await this.initiator.logout();
  }

  /** Breaks the connection; for a session that may have been dropped. */
  async abandon(): Promise<void> {
    await this.initiator.destroy();
  }
}
