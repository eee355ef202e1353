import { IscsiInitiator, type ScsiResult } from '../../client/iscsi-initiator.ts';
import type { PortConfig, UnitConfig } from '../../src/daemon/config/cluster-config.ts';
import { putU16, putU32 } from '../../src/wire/scsi/bytes.ts';
import { OpCode } from '../../src/wire/scsi/opcodes.ts';
import { senseText } from '../../src/wire/scsi/sense.ts';
import { Status } from '../../src/wire/scsi/status.ts';

const INITIATOR = 'iqn.2026-11.dev.crosspath.client:check';
/** A new session has unit attentions to report first (SAM-5 5.14), one a command. */
const MOST_UNIT_ATTENTIONS = 16;

/** One logical unit through one target port, in a session of its own. */
export class Disk {
  readonly #session: IscsiInitiator;
  readonly #unit: UnitConfig;

  private constructor(session: IscsiInitiator, unit: UnitConfig) {
    this.#session = session;
    this.#unit = unit;
  }

  /** Logs in, and asks until the unit is ready: the next command is the caller's. */
  static async open(port: PortConfig, unit: UnitConfig): Promise<Disk> {
    const { targetName, portal } = port;
    const session = await IscsiInitiator.connect({ ...portal, targetName, initiatorName: INITIATOR });
    const disk = new Disk(session, unit);
    let result = await disk.#testUnitReady();
    for (let tries = 1; result.status !== Status.good && tries < MOST_UNIT_ATTENTIONS; tries++) {
      result = await disk.#testUnitReady();
    }
    mustBeGood('TEST UNIT READY', result);
    return disk;
  }

  /** One WRITE(10). `data`: whole blocks. */
  async write(lba: number, data: Uint8Array): Promise<void> {
    const cdb = this.#blockCdb(OpCode.write10, lba, data.length);
    mustBeGood('WRITE(10)', await this.#session.command(this.#unit.lun, cdb, { dataOut: data }));
  }

  /** One READ(10). `length`: bytes, of whole blocks. */
  async read(lba: number, length: number): Promise<Uint8Array> {
    const cdb = this.#blockCdb(OpCode.read10, lba, length);
    const result = await this.#session.command(this.#unit.lun, cdb, { dataInLength: length });
    mustBeGood('READ(10)', result);
    return result.dataIn;
  }

  close(): Promise<void> {
    return this.#session.logout();
  }

  #testUnitReady(): Promise<ScsiResult> {
    return this.#session.command(this.#unit.lun, new Uint8Array(6));
  }

  #blockCdb(operationCode: number, lba: number, length: number): Uint8Array {
    const cdb = new Uint8Array(10);
    cdb[0] = operationCode;
    putU32(cdb, 2, lba);
    putU16(cdb, 7, length / this.#unit.blockLength);
    return cdb;
  }
}

function mustBeGood(what: string, { status, sense }: ScsiResult): void {
  if (status === Status.good) return;
  const why = sense === null ? '' : `: ${senseText(sense)}`;
  throw new Error(`${what} ended with status 0x${status.toString(16)}${why}`);
}
