import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { IscsiInitiator } from '../../client/iscsi-initiator.ts';
import { BHS_LENGTH, initiatorTaskTag, NO_TAG } from '../../src/wire/iscsi/bhs.ts';
import { LoginStage } from '../../src/wire/iscsi/login-request.ts';
import { encodeLoginResponse } from '../../src/wire/iscsi/login-response.ts';
import { encodeNopIn } from '../../src/wire/iscsi/nop-in.ts';
import { decodeNopOut } from '../../src/wire/iscsi/nop-out.ts';
import { encodeScsiResponse } from '../../src/wire/iscsi/scsi-response.ts';
import { Status } from '../../src/wire/scsi/status.ts';

const TEST_UNIT_READY = new Uint8Array(6);
const COUNTERS = { statSN: 7, expCmdSN: 1, maxCmdSN: 64 };
const PING_TAG = 0xabcd;

/** A target that takes every login, and whose other PDUs the test makes. */
class FakeTarget {
  readonly server = net.createServer((socket) => this.#accept(socket));
  socket: net.Socket | null = null;
  #bytes = Buffer.alloc(0);
  #isUp = false;
  readonly #pdus: Buffer[] = [];
  #wake: () => void = () => {};

  async start(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    assert(address !== null && typeof address === 'object');
    return address.port;
  }

  /** The header of the next PDU behind login. None of these has data here. */
  async receive(): Promise<Buffer> {
    for (;;) {
      const pdu = this.#pdus.shift();
      if (pdu !== undefined) return pdu;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  ping(targetTransferTag: number): void {
    const header = new Uint8Array(BHS_LENGTH);
    const tags = { lun: new Uint8Array(8), initiatorTaskTag: NO_TAG, targetTransferTag };
    encodeNopIn({ dataSegmentLength: 0, ...tags, ...COUNTERS, statSN: COUNTERS.statSN + 1 }, header);
    this.socket?.write(header);
  }

  #accept(socket: net.Socket): void {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      if (this.#isUp) this.#cut();
      else this.#logIn();
    });
  }

  #logIn(): void {
    const length = this.#bytes.length < BHS_LENGTH ? 0 : this.#bytes.readUIntBE(5, 3);
    const end = BHS_LENGTH + length + (-length & 3);
    if (length === 0 || this.#bytes.length < end) return;
    this.#bytes = this.#bytes.subarray(end);
    this.#isUp = true;
    const header = new Uint8Array(BHS_LENGTH);
    const stages = { currentStage: LoginStage.operational, nextStage: LoginStage.fullFeature };
    const shape = { transit: true, continues: false, ...stages, dataSegmentLength: 0, status: 0 };
    const names = { isid: '800000000001', tsih: 1, initiatorTaskTag: 0 };
    encodeLoginResponse({ ...shape, ...names, ...COUNTERS }, header);
    this.socket?.write(header);
  }

  #cut(): void {
    while (this.#bytes.length >= BHS_LENGTH) {
      this.#pdus.push(this.#bytes.subarray(0, BHS_LENGTH));
      this.#bytes = this.#bytes.subarray(BHS_LENGTH);
    }
    this.#wake();
  }
}

describe('a target that pings its initiator', () => {
  let target: FakeTarget;
  let initiator: IscsiInitiator;
  beforeEach(async () => {
    target = new FakeTarget();
    const port = await target.start();
    const names = { initiatorName: 'iqn.2026-11.dev.crosspath.test:ping', targetName: 'iqn.x:t' };
    initiator = await IscsiInitiator.connect({ host: '127.0.0.1', port, ...names });
  });
  afterEach(async () => {
    await initiator.destroy();
    target.server.close();
    await once(target.server, 'close');
  });

  test('is answered with its tag, at once, while a command is outstanding', async () => {
    const command = initiator.start(1, TEST_UNIT_READY);
    const sent = await target.receive();
    target.ping(PING_TAG);
    const answer = decodeNopOut(await target.receive());
    assert.equal(answer.targetTransferTag, PING_TAG);
    assert.equal(answer.initiatorTaskTag, NO_TAG);
    assert.equal(answer.immediate, true);
    assert.equal(answer.dataSegmentLength, 0);
    assert.equal(answer.cmdSN, initiator.cmdSN, 'an immediate command takes no CmdSN');
    assert.equal(answer.expStatSN, COUNTERS.statSN + 1, 'the ping took no StatSN');
    const header = new Uint8Array(BHS_LENGTH);
    const residual = { residualFlags: 0, residualCount: 0, expDataSN: 0 };
    const outcome = { response: 0, status: Status.good, dataSegmentLength: 0, ...residual };
    const counters = { ...COUNTERS, statSN: COUNTERS.statSN + 1 };
    encodeScsiResponse({ ...outcome, initiatorTaskTag: initiatorTaskTag(sent), ...counters }, header);
    target.socket?.write(header);
    assert.equal((await command.result).status, Status.good);
  });

  test('is not answered where it has no tag', async () => {
    target.ping(NO_TAG);
    target.ping(PING_TAG);
    assert.equal(decodeNopOut(await target.receive()).targetTransferTag, PING_TAG);
  });
});
