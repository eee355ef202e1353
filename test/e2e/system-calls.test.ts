/**
 * How often a system reads and writes (proc(5), syscr and syscw of /proc/PID/io) for commands that come together: what comes in one turn of
 * the loop is received at once, forwarded at once, and answered at once, and what the page cache has is read without a thread.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { login } from '../../client/login.ts';
import { PduConnection } from '../../client/pdu-connection.ts';
import { BHS_LENGTH } from '../../src/wire/iscsi/bhs.ts';
import { Opcode } from '../../src/wire/iscsi/opcode.ts';
import { encodeScsiCommand } from '../../src/wire/iscsi/scsi-command.ts';
import { encodeLun } from '../../src/wire/scsi/lun.ts';
import { Cluster } from '../support/cluster.ts';
import type { Disk } from '../support/disk.ts';
import { blockCdb } from '../support/scsi.ts';
import { systemOf } from '../support/status.ts';

const READ_16 = 0x88;
const BLOCK = 512;
const TOGETHER = 32;
const WARM_UP = 20;
const BATCHES = 100;
/** Beside commands: probes of the link, what one segment of TCP too many costs, and the page cache that wants a file read again. */
const SLACK = 2;

describe('reads that come together', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  test('cost their system one read of the file each, and one from and one to the socket for all', async () => {
    const [alpha] = await callsOfABatch(cluster, cluster.disk('alpha-local', 1));
    assert.ok(alpha <= TOGETHER + 2 + SLACK, `${alpha} calls`);
  });

  test('cost the proxy one read and one write of each of its two sockets for all, and the owner what they cost it directly', async () => {
    const [alpha, beta] = await callsOfABatch(cluster, cluster.disk('alpha-proxy', 2));
    assert.ok(alpha <= 4 + SLACK, `${alpha} calls of the proxy`);
    assert.ok(beta <= TOGETHER + 2 + SLACK, `${beta} calls of the owner`);
  });
});

/** Calls of alpha and of beta, for one batch. */
async function callsOfABatch(cluster: Cluster, disk: Disk): Promise<[number, number]> {
  const connection = await openSession(disk);
  const status = await cluster.status();
  const pids = ['alpha', 'beta'].map((name) => systemOf(status, name).pid);
  let cmdSN = connection.cmdSN;
  const batch = async () => {
    connection.pdus.sendBytes(readsOf(disk.lun, cmdSN));
    cmdSN += TOGETHER;
    for (let left = TOGETHER; left > 0; left -= 1) {
      const pdu = await connection.pdus.receive();
      assert.equal(pdu?.opcode, Opcode.dataIn);
      assert.equal(pdu.data.length, BLOCK);
    }
  };
  for (let done = 0; done < WARM_UP; done += 1) await batch();
  const before = pids.map(callsOf);
  for (let done = 0; done < BATCHES; done += 1) await batch();
  const [ofAlpha = 0, ofBeta = 0] = pids.map((pid, at) => callsOf(pid) - (before[at] ?? 0));
  connection.pdus.destroy();
  return [ofAlpha / BATCHES, ofBeta / BATCHES];
}

async function openSession({
  portal,
  targetName,
  lun,
}: Disk): Promise<{ pdus: PduConnection; cmdSN: number }> {
  const [host = '', port = ''] = portal.split(':');
  const pdus = await PduConnection.connect(host, Number(port));
  const { cmdSN } = await login(pdus, { initiatorName: 'iqn.2026-11.test:calls', targetName });
  // The first command of a nexus is told of a unit attention.
  pdus.send(command(lun, cmdSN, new Uint8Array(16), 0));
  assert.equal((await pdus.receive())?.opcode, Opcode.scsiResponse);
  return { pdus, cmdSN: cmdSN + 1 };
}

/** As one piece: one segment of TCP on loopback. */
function readsOf(lun: number, cmdSN: number): Uint8Array {
  const bytes = new Uint8Array(TOGETHER * BHS_LENGTH);
  for (let at = 0; at < TOGETHER; at += 1)
    bytes.set(command(lun, cmdSN + at, blockCdb(READ_16, at * 8, 1), BLOCK), at * BHS_LENGTH);
  return bytes;
}

function command(number: number, cmdSN: number, cdb: Uint8Array, expected: number): Uint8Array {
  const lun = new Uint8Array(8);
  encodeLun(number, lun, 0);
  const header = new Uint8Array(BHS_LENGTH);
  const flags = { immediate: false, final: true, read: expected > 0, write: false, attributes: 0 };
  const lengths = { dataSegmentLength: 0, expectedDataTransferLength: expected };
  encodeScsiCommand({ ...flags, ...lengths, lun, initiatorTaskTag: cmdSN, cmdSN, expStatSN: 0, cdb }, header);
  return header;
}

function callsOf(pid: number): number {
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  const counted = (name: string) => Number(io.match(new RegExp(`^${name}: (\\d+)$`, 'm'))?.[1]);
  return counted('syscr') + counted('syscw');
}
