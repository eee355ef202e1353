/** What Wireshark's dissectors, which nobody here wrote, make of a link over Fibre Channel. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { Status } from '../../../src/wire/scsi/status.ts';
import { blockCdb, pattern, testNexus, testPort } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';
import { Recorder } from '../support/recorder.ts';
import { TwoSystems } from '../support/two-systems.ts';
import { type FcipFrame, fcipFrames, tsharkFields, writeFcCapture, writeFcipCapture } from './capture.ts';

const READ16 = 0x88;
const WRITE16 = 0x8a;
const TEST_UNIT_READY = new Uint8Array(6);
const BYTES = 12_288;
/** Too long to go unasked: the owner asks for what is beyond this. */
const UNSOLICITED = 4096;

async function traffic(systems: TwoSystems, nexus: Nexus): Promise<void> {
  const run = (options: Omit<ConstructorParameters<typeof TestCommand>[0], 'nexus'>) =>
    new TestCommand({ nexus, ...options }).run(systems.proxied);
  assert.equal((await run({ cdb: TEST_UNIT_READY })).status, Status.checkCondition, 'power on');
  const written = pattern(BYTES);
  const write = await run({
    cdb: blockCdb(WRITE16, 64, BYTES / 512),
    dataOut: written,
    unsolicited: UNSOLICITED,
  });
  assert.equal(write.status, Status.good);
  const read = await run({ cdb: blockCdb(READ16, 64, BYTES / 512), dataIn: BYTES });
  assert.deepEqual(read.data, written);
  const beyond = await run({ cdb: blockCdb(READ16, 1 << 30, 8), dataIn: 4096 });
  assert.equal(beyond.status, Status.checkCondition);
  const reset = await new Promise((resolve) =>
    systems.proxied.manage(nexus, TaskManagementFunction.logicalUnitReset, 0, resolve),
  );
  assert.equal(reset, 'complete');
}

describe('what tshark makes of a Fibre Channel link', () => {
  let folder: string;
  let fcip: string;
  let fc: string;
  let frames: readonly FcipFrame[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'crosspath-'));
    fcip = join(folder, 'fcip.pcap');
    fc = join(folder, 'fc.pcap');
    let recorder: Recorder | null = null;
    const systems = await TwoSystems.start({
      transport: 'fcip',
      async via(address) {
        assert(address.transport === 'fcip');
        recorder = await Recorder.to(address.port);
        return { ...address, port: recorder.port };
      },
    });
    assert(recorder !== null);
    const made: Recorder = recorder;
    const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });
    await traffic(systems, testNexus('iqn.2026-11.test:one', port));
    await systems.stop();
    made.close();
    frames = fcipFrames(made.chunks);
    writeFcipCapture(fcip, frames);
    writeFcCapture(fc, frames);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('takes every frame for what it is, and finds none malformed', () => {
    assert.deepEqual(tsharkFields(fcip, 'not fcip', ['frame.number']), []);
    const bad = '_ws.malformed or _ws.expert.severity >= 4194304 or fcip.proto != 1';
    assert.deepEqual(tsharkFields(fcip, bad, ['frame.number', '_ws.col.Info']), []);
    const specials = tsharkFields(fcip, 'fcip.pflags.sf == 1', ['fcip.framelen', 'fcip.srcwwn']);
    assert.equal(specials.length, 2);
    assert.equal(specials[0]?.[1], specials[1]?.[1], 'the echo is the same frame');
    assert.equal(tsharkFields(fcip, 'fc', ['frame.number']).length, frames.length - 2);
  });

  it('verifies the CRC of every FC frame', () => {
    const sums = tsharkFields(fc, 'fc', ['fc.crc.status']);
    assert.equal(sums.length, frames.length - 2);
    assert.ok(sums.every(([status]) => status === '1'));
  });

  it('would see a wrong CRC, and a frame that is cut short', () => {
    const [data] = frames.filter(({ bytes }) => bytes.length > 2048);
    assert(data !== undefined);
    const flipped = Buffer.from(data.bytes);
    flipped.writeUInt8(flipped.readUInt8(1000) ^ 1, 1000);
    const file = join(folder, 'bad.pcap');
    writeFcCapture(file, [{ fromDialer: true, bytes: flipped }]);
    assert.deepEqual(tsharkFields(file, 'fc', ['fc.crc.status']), [['0']]);
    const command = frames.find(({ bytes }) => bytes[32] === 0x06);
    assert(command !== undefined);
    const short = Buffer.concat([command.bytes.subarray(0, 70), command.bytes.subarray(-8)]);
    writeFcCapture(file, [{ fromDialer: true, bytes: short }]);
    assert.deepEqual(tsharkFields(file, '_ws.malformed', ['frame.number']), [['1']]);
  });

  it('sees two N_Ports log in point to point', () => {
    const logins = tsharkFields(fcip, 'fcels', ['fcels.opcode', 'fc.s_id', 'fc.d_id']).map(
      ([opcode, source, destination]) => `${opcode} ${source} ${destination}`,
    );
    const flogi = ['0x04 00.00.00 ff.ff.fe', '0x04 00.00.00 ff.ff.fe'];
    const accepted = ['0x02 ff.ff.fe 00.00.00', '0x02 ff.ff.fe 00.00.00'];
    assert.deepEqual([...logins.slice(0, 4)].sort(), [...accepted, ...flogi]);
    assert.deepEqual(logins.slice(4), [
      '0x03 00.00.01 00.00.02',
      '0x02 00.00.02 00.00.01',
      '0x20 00.00.01 00.00.02',
      '0x02 00.00.02 00.00.01',
    ]);
  });

  it('decodes the CDBs, LUNs, directions and lengths that were sent', () => {
    const fields = [
      'scsi_sbc.opcode',
      'scsi_sbc.rdwr16.lba',
      'fcp.lun',
      'fcp.dl',
      'fcp.wrdata',
      'fcp.rddata',
    ];
    const commands = tsharkFields(fcip, 'fcp and fc.r_ctl == 6', [...fields, 'fcp.taskmgmt']);
    assert.deepEqual(commands, [
      ['0x00', '', '0x01', '0', '0', '0', '0x00'],
      ['0x8a', lba(64), '0x01', String(BYTES), '1', '0', '0x00'],
      ['0x88', lba(64), '0x01', String(BYTES), '0', '1', '0x00'],
      ['0x88', lba(1 << 30), '0x01', '4096', '0', '1', '0x00'],
      ['0x00', '', '0x01', '0', '0', '0', '0x10'],
    ]);
  });

  it('decodes status, sense, residual and transfer ready', () => {
    const fields = ['fcp.status', 'fcp.resid', 'scsi.sns.key', 'scsi.sns.ascascq', 'fcp.rspcode'];
    assert.deepEqual(tsharkFields(fcip, 'fcp and fc.r_ctl == 7', fields), [
      ['0x02', '0', '0x06', '0x2900', ''],
      ['0x00', '', '', '', ''],
      ['0x00', '', '', '', ''],
      ['0x02', '4096', '0x05', '0x2100', ''],
      ['0x00', '', '', '', '0x00'],
    ]);
    const ready = tsharkFields(fcip, 'fcp and fc.r_ctl == 5', ['fcp.data_ro', 'fcp.burstlen']);
    assert.deepEqual(ready, [[String(UNSOLICITED), String(BYTES - UNSOLICITED)]]);
  });

  it('sees data as sequences whose relative offsets fill the lengths, and who has the initiative', () => {
    const fields = [
      'fc.relative_offset',
      'fc.seq_cnt',
      'fc.fctl.transfer_seq_initiative',
      'fc.fctl.seq_last',
    ];
    const data = 'fc.r_ctl == 1 and fc.fctl.exchange_responder';
    const offsets = [0, 2048, 4096, 6144, 8192, 10240].map(String);
    const written = tsharkFields(fcip, `${data} == 0`, fields);
    assert.deepEqual(column(written, 0), offsets);
    // The unsolicited sequence streams behind FCP_CMND; the one that was asked for begins anew.
    assert.deepEqual(column(written, 1), ['1', '2', '0', '1', '2', '3']);
    assert.deepEqual(column(written, 2), ['0', '1', '0', '0', '0', '1']);
    assert.deepEqual(column(written, 3), ['0', '1', '0', '0', '0', '1']);
    const read = tsharkFields(fcip, `${data} == 1`, fields);
    assert.deepEqual(column(read, 0), offsets);
    assert.deepEqual(column(read, 2), ['0', '0', '0', '0', '0', '0']);
  });
});

function lba(value: number): string {
  return value.toString(16).padStart(16, '0');
}

function column(rows: readonly string[][], at: number): (string | undefined)[] {
  return rows.map((row) => row[at]);
}
