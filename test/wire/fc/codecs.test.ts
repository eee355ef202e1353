import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeCommandContext, encodeCommandContext } from '../../../src/wire/fc/command-context.ts';
import {
  decodeDelimiter,
  decodeEncapsulation,
  encodeDelimiter,
  encodeEncapsulation,
  Sof,
} from '../../../src/wire/fc/encapsulation.ts';
import { decodeFcpCommand, encodeFcpCommand } from '../../../src/wire/fc/fcp-command.ts';
import { decodeFcpLun, encodeFcpLun } from '../../../src/wire/fc/fcp-lun.ts';
import { decodeFcpResponse, encodeFcpResponse } from '../../../src/wire/fc/fcp-response.ts';
import { decodeFcpTransferReady, encodeFcpTransferReady } from '../../../src/wire/fc/fcp-transfer-ready.ts';
import { decodeFcHeader, emptyFcHeader, encodeFcHeader } from '../../../src/wire/fc/frame-header.ts';
import { decodePortLogin, Els, encodePortLogin } from '../../../src/wire/fc/port-login.ts';
import { brokenProcessLogin, encodeProcessLogin } from '../../../src/wire/fc/process-login.ts';
import { decodeSpecialFrame, encodeSpecialFrame } from '../../../src/wire/fc/special-frame.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u16 = fc.nat(0xffff);
const u8 = fc.nat(0xff);

/** What `encode` writes into a buffer full of ones, so that what it leaves out shows. */
function written(encode: (bytes: Uint8Array) => number): Uint8Array {
  const bytes = new Uint8Array(400).fill(0xff);
  return bytes.slice(0, encode(bytes));
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('RFC 3643 figure 1, RFC 3821 5.6.1: an encapsulation header, byte by byte', () => {
  const bytes = written((into) => {
    encodeEncapsulation(64, 0, into, 0);
    encodeDelimiter(Sof.initiateClass3, into, 28);
    return 32;
  });
  assert.equal(
    hex(bytes),
    ['0101fefe', '0101fefe', '0000ffff', '0010ffef', '00000000', '00000000', '00000000', '2e2ed1d1'].join(''),
  );
  assert.deepEqual(decodeEncapsulation(bytes), { pFlags: 0, length: 64 });
  assert.equal(decodeDelimiter(bytes, 28), Sof.initiateClass3);
});

test('every flipped bit of an encapsulation header before the time stamp is found, and of a delimiter', () => {
  for (let bit = 0; bit < 16 * 8; bit++) {
    const bytes = written((into) => {
      encodeEncapsulation(64, 0, into, 0);
      return 28;
    });
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(typeof decodeEncapsulation(bytes), 'string', `bit ${bit}`);
  }
  for (let bit = 0; bit < 32; bit++) {
    const bytes = new Uint8Array(4);
    encodeDelimiter(Sof.normalClass3, bytes, 0);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(decodeDelimiter(bytes, 0), -1);
  }
});

test('RFC 3821 7: a special frame survives, changed or not', () => {
  const frame = {
    changed: true,
    source: '3000000000000001',
    sourceEntity: '3fedcba987654321',
    nonce: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    destination: '3000000000000002',
  };
  const bytes = written((into) => encodeSpecialFrame(frame, into, 0));
  assert.equal(bytes.length, 76);
  assert.deepEqual(decodeSpecialFrame(true, bytes.subarray(28)), frame);
  assert.equal(decodeSpecialFrame(true, bytes.subarray(32)), null);
});

test('FC-FS-3 12: any header survives', () => {
  const header = fc.record({
    routingControl: u8,
    destination: fc.nat(0xffffff),
    source: fc.nat(0xffffff),
    type: u8,
    frameControl: fc.nat(0xffffff),
    sequence: u8,
    optionalHeaders: u8,
    sequenceCount: u16,
    originatorExchange: u16,
    responderExchange: u16,
    parameter: u32,
  });
  const property = fc.property(header, (given) => {
    const bytes = new Uint8Array(24);
    encodeFcHeader(given, bytes, 0);
    const decoded = emptyFcHeader();
    decodeFcHeader(bytes, 0, decoded);
    assert.deepEqual(decoded, { ...given });
  });
  fc.assert(property, { seed: 1 });
});

test('FC-LS-2: a login survives; one of a fabric, or without class 3, is told so', () => {
  const login = { command: Els.portLogin, portName: '3000000000000001', nodeName: '3000000000000002' };
  const bytes = written((into) => encodePortLogin(login, into, 0));
  assert.deepEqual(decodePortLogin(bytes), login);
  assert.match(String(decodePortLogin(bytes.subarray(1))), /115 bytes/);
  const fabric = bytes.slice();
  fabric[8] = 0x90;
  assert.match(String(decodePortLogin(fabric)), /fabric/);
  const unclassed = bytes.slice();
  unclassed[68] = 0;
  assert.match(String(decodePortLogin(unclassed)), /class 3/);
});

test('FCP-4 6.3: a process login asks, and its acceptance has been executed', () => {
  for (const command of [Els.processLogin, Els.accept]) {
    const bytes = written((into) => encodeProcessLogin(command, into, 0));
    assert.equal(brokenProcessLogin(bytes), null);
    bytes[6] = (bytes[6] ?? 0) ^ 0x01;
    assert.match(brokenProcessLogin(bytes) ?? '', /not executed/);
    bytes[4] = 5;
    assert.match(brokenProcessLogin(bytes) ?? '', /type 5/);
  }
});

test('FCP-4 9.1: any command survives, with its CDB padded to what FCP has', () => {
  const command = fc.record({
    lun: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    taskAttribute: fc.nat(3),
    taskManagement: u8,
    cdb: fc.uint8Array({ minLength: 6, maxLength: 255 }),
    length: u32,
    isWrite: fc.boolean(),
  });
  const property = fc.property(command, ({ length, isWrite, ...rest }) => {
    const lengths = { dataOutLength: isWrite ? length : 0, dataInLength: isWrite ? 0 : length };
    const bytes = written((into) => encodeFcpCommand({ ...rest, ...lengths }, into, 0));
    const padded = Math.max(16, Math.ceil(rest.cdb.length / 4) * 4);
    const cdb = new Uint8Array(padded);
    cdb.set(rest.cdb);
    assert.deepEqual(decodeFcpCommand(bytes), { ...rest, ...lengths, cdb });
    assert.equal(decodeFcpCommand(bytes.subarray(0, -1)), null);
  });
  fc.assert(property, { seed: 1 });
});

test('FCP-4 9.3: FCP_XFER_RDY survives', () => {
  const property = fc.property(u32, u32, (offset, length) => {
    const bytes = written((into) => encodeFcpTransferReady({ offset, length }, into, 0));
    assert.deepEqual(decodeFcpTransferReady(bytes), { offset, length });
  });
  fc.assert(property, { seed: 1 });
});

test('FCP-4 9.5: any response survives; what contradicts itself is malformed', () => {
  const response = fc.record({
    status: u8,
    residual: fc.integer({ min: -0xffffffff, max: 0xffffffff }),
    code: fc.option(u8, { nil: null }),
    sense: fc.uint8Array({ maxLength: 252 }),
  });
  const property = fc.property(response, (given) => {
    const bytes = written((into) => encodeFcpResponse(given, into, 0));
    assert.deepEqual(decodeFcpResponse(bytes), { ...given });
    assert.equal(decodeFcpResponse(bytes.subarray(0, -1)), null);
    const both = bytes.slice();
    both[10] = (both[10] ?? 0) | 0x0c;
    assert.equal(decodeFcpResponse(both), null);
  });
  fc.assert(property, { seed: 1 });
});

test('any unit number survives as FCP_LUN, and the usual ones are those that SAM-5 names first', () => {
  const lun = new Uint8Array(8);
  const property = fc.property(u32, (unit) => {
    encodeFcpLun(unit, lun, 0);
    assert.equal(decodeFcpLun(lun), unit);
  });
  fc.assert(property, { seed: 1 });
  encodeFcpLun(7, lun, 0);
  assert.equal(hex(lun), '0007000000000000');
  encodeFcpLun(0x1234, lun, 0);
  assert.equal(hex(lun), '5234000000000000');
});

test('the context of a command survives', () => {
  const context = fc.record({
    nexus: u32,
    tag: u32,
    unsolicitedLength: u32,
    dataInCredit: u32,
    readSetLength: u32,
    cdbLength: u8,
  });
  const property = fc.property(context, (given) => {
    const bytes = written((into) => encodeCommandContext(given, into, 0));
    assert.deepEqual(decodeCommandContext(bytes), { ...given });
    assert.equal(decodeCommandContext(bytes.subarray(1)), null);
  });
  fc.assert(property, { seed: 1 });
});
