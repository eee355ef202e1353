import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeAdditionalHeaders, encodeExtendedCdb } from '../../../src/wire/iscsi/ahs.ts';
import { decodeAsyncMessage, encodeAsyncMessage } from '../../../src/wire/iscsi/async-message.ts';
import { BHS_LENGTH, opcodeOf } from '../../../src/wire/iscsi/bhs.ts';
import {
  acknowledgementTag,
  askForAcknowledgement,
  decodeDataIn,
  encodeDataIn,
} from '../../../src/wire/iscsi/data-in.ts';
import { decodeDataOut, encodeDataOut } from '../../../src/wire/iscsi/data-out.ts';
import { decodeLoginRequest, encodeLoginRequest } from '../../../src/wire/iscsi/login-request.ts';
import { decodeLoginResponse, encodeLoginResponse } from '../../../src/wire/iscsi/login-response.ts';
import { decodeLogoutRequest, encodeLogoutRequest } from '../../../src/wire/iscsi/logout-request.ts';
import { decodeLogoutResponse, encodeLogoutResponse } from '../../../src/wire/iscsi/logout-response.ts';
import { decodeNopIn, encodeNopIn } from '../../../src/wire/iscsi/nop-in.ts';
import { decodeNopOut, encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t, encodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { decodeReject, encodeReject } from '../../../src/wire/iscsi/reject.ts';
import { decodeScsiCommand, encodeScsiCommand } from '../../../src/wire/iscsi/scsi-command.ts';
import {
  decodeScsiResponse,
  decodeSenseSegment,
  encodeScsiResponse,
  encodeSenseSegment,
  putResponseTags,
} from '../../../src/wire/iscsi/scsi-response.ts';
import { decodeSnackRequest, encodeSnackRequest } from '../../../src/wire/iscsi/snack-request.ts';
import {
  decodeTaskManagementRequest,
  encodeTaskManagementRequest,
} from '../../../src/wire/iscsi/task-management-request.ts';
import {
  decodeTaskManagementResponse,
  encodeTaskManagementResponse,
} from '../../../src/wire/iscsi/task-management-response.ts';
import { decodeTextRequest, encodeTextRequest } from '../../../src/wire/iscsi/text-request.ts';
import { decodeTextResponse, encodeTextResponse } from '../../../src/wire/iscsi/text-response.ts';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u24 = fc.integer({ min: 0, max: 0xffffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const flag = fc.boolean();
const stage = fc.integer({ min: 0, max: 3 });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const isid = bytes(6).map((six) => Buffer.from(six).toString('hex'));
const counters = { statSN: u32, expCmdSN: u32, maxCmdSN: u32 };
const request = { immediate: flag, initiatorTaskTag: u32, cmdSN: u32, expStatSN: u32 };
const residual = fc.constantFrom(0, 2, 4);

/** Encodes into a header that is not clean, decodes, and compares. */
function roundTrips<T>(
  name: string,
  opcode: number,
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
  encode: (pdu: T, into: Uint8Array) => void,
  decode: (header: Uint8Array) => T,
): void {
  test(`${name} comes back as it was encoded`, () => {
    fc.assert(
      fc.property(fc.record(fields, { noNullPrototype: true }), (pdu) => {
        const header = new Uint8Array(BHS_LENGTH).fill(0xa5);
        encode(pdu as T, header);
        assert.equal(opcodeOf(header), opcode);
        assert.deepEqual(decode(header), pdu);
      }),
    );
  });
}

roundTrips(
  'SCSI Command',
  Opcode.scsiCommand,
  {
    ...request,
    final: flag,
    read: flag,
    write: flag,
    attributes: fc.integer({ min: 0, max: 7 }),
    dataSegmentLength: u24,
    lun: bytes(8),
    expectedDataTransferLength: u32,
    cdb: bytes(16),
  },
  encodeScsiCommand,
  decodeScsiCommand,
);

roundTrips(
  'SCSI Response',
  Opcode.scsiResponse,
  {
    ...counters,
    residualFlags: residual,
    response: u8,
    status: u8,
    dataSegmentLength: u24,
    initiatorTaskTag: u32,
    expDataSN: u32,
    residualCount: u32,
  },
  encodeScsiResponse,
  decodeScsiResponse,
);

roundTrips(
  'Data-Out',
  Opcode.dataOut,
  {
    final: flag,
    dataSegmentLength: u24,
    lun: bytes(8),
    initiatorTaskTag: u32,
    targetTransferTag: u32,
    expStatSN: u32,
    dataSN: u32,
    bufferOffset: u32,
  },
  encodeDataOut,
  decodeDataOut,
);

roundTrips(
  'Data-In with status',
  Opcode.dataIn,
  {
    ...counters,
    final: flag,
    withStatus: fc.constant(true),
    residualFlags: residual,
    status: u8,
    dataSegmentLength: u24,
    initiatorTaskTag: u32,
    dataSN: u32,
    bufferOffset: u32,
    residualCount: u32,
  },
  encodeDataIn,
  decodeDataIn,
);

roundTrips(
  'R2T',
  Opcode.r2t,
  {
    ...counters,
    lun: bytes(8),
    initiatorTaskTag: u32,
    targetTransferTag: u32,
    r2tSN: u32,
    bufferOffset: u32,
    desiredDataTransferLength: u32,
  },
  encodeR2t,
  decodeR2t,
);

roundTrips(
  'Task Management Function Request',
  Opcode.taskManagementRequest,
  {
    ...request,
    function: fc.integer({ min: 0, max: 127 }),
    lun: bytes(8),
    referencedTaskTag: u32,
    refCmdSN: u32,
    expDataSN: u32,
  },
  encodeTaskManagementRequest,
  decodeTaskManagementRequest,
);

roundTrips(
  'Task Management Function Response',
  Opcode.taskManagementResponse,
  { ...counters, response: u8, initiatorTaskTag: u32 },
  encodeTaskManagementResponse,
  decodeTaskManagementResponse,
);

roundTrips(
  'SNACK Request',
  Opcode.snackRequest,
  {
    type: fc.integer({ min: 0, max: 15 }),
    lun: bytes(8),
    initiatorTaskTag: u32,
    targetTransferTag: u32,
    expStatSN: u32,
    begRun: u32,
    runLength: u32,
  },
  encodeSnackRequest,
  decodeSnackRequest,
);

roundTrips(
  'Login Request',
  Opcode.loginRequest,
  {
    transit: flag,
    continues: flag,
    currentStage: stage,
    nextStage: stage,
    versionMax: u8,
    versionMin: u8,
    dataSegmentLength: u24,
    isid,
    tsih: u16,
    initiatorTaskTag: u32,
    connectionId: u16,
    cmdSN: u32,
    expStatSN: u32,
  },
  encodeLoginRequest,
  decodeLoginRequest,
);

roundTrips(
  'Login Response',
  Opcode.loginResponse,
  {
    ...counters,
    transit: flag,
    continues: flag,
    currentStage: stage,
    nextStage: stage,
    dataSegmentLength: u24,
    isid,
    tsih: u16,
    initiatorTaskTag: u32,
    status: u16,
  },
  encodeLoginResponse,
  decodeLoginResponse,
);

roundTrips(
  'Text Request',
  Opcode.textRequest,
  { ...request, final: flag, continues: flag, dataSegmentLength: u24, lun: bytes(8), targetTransferTag: u32 },
  encodeTextRequest,
  decodeTextRequest,
);

roundTrips(
  'Text Response',
  Opcode.textResponse,
  {
    ...counters,
    final: flag,
    continues: flag,
    dataSegmentLength: u24,
    initiatorTaskTag: u32,
    targetTransferTag: u32,
  },
  encodeTextResponse,
  decodeTextResponse,
);

roundTrips(
  'Logout Request',
  Opcode.logoutRequest,
  { ...request, reason: fc.integer({ min: 0, max: 127 }), connectionId: u16 },
  encodeLogoutRequest,
  decodeLogoutRequest,
);

roundTrips(
  'Logout Response',
  Opcode.logoutResponse,
  { ...counters, response: u8, initiatorTaskTag: u32, time2Wait: u16, time2Retain: u16 },
  encodeLogoutResponse,
  decodeLogoutResponse,
);

roundTrips(
  'NOP-Out',
  Opcode.nopOut,
  { ...request, dataSegmentLength: u24, lun: bytes(8), targetTransferTag: u32 },
  encodeNopOut,
  decodeNopOut,
);

roundTrips(
  'NOP-In',
  Opcode.nopIn,
  { ...counters, dataSegmentLength: u24, lun: bytes(8), initiatorTaskTag: u32, targetTransferTag: u32 },
  encodeNopIn,
  decodeNopIn,
);

roundTrips(
  'Reject',
  Opcode.reject,
  { ...counters, reason: u8, dataSegmentLength: u24, dataSN: u32 },
  encodeReject,
  decodeReject,
);

roundTrips(
  'Asynchronous Message',
  Opcode.asyncMessage,
  {
    ...counters,
    dataSegmentLength: u24,
    lun: bytes(8),
    event: u8,
    vendorCode: u8,
    parameter1: u16,
    parameter2: u16,
    parameter3: u16,
  },
  encodeAsyncMessage,
  decodeAsyncMessage,
);

test('the fields of a SNACK, of a Data-In that asks for one, and of a tagged response are where RFC 7143 has them', () => {
  const snack = new Uint8Array(48);
  const tags = { initiatorTaskTag: 0x10111213, targetTransferTag: 0x20212223 };
  const lun = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0);
  encodeSnackRequest({ type: 3, lun, ...tags, expStatSN: 0x30313233, begRun: 0x40, runLength: 0x50 }, snack);
  const expected = new Uint8Array(48);
  expected.set([0x10, 0x83]);
  expected.set(lun, 8);
  expected.set([0x10, 0x11, 0x12, 0x13, 0x20, 0x21, 0x22, 0x23], 16);
  expected.set([0x30, 0x31, 0x32, 0x33], 28);
  expected.set([0, 0, 0, 0x40, 0, 0, 0, 0x50], 40);
  assert.deepEqual(snack, expected);

  const dataIn = new Uint8Array(48);
  dataIn[1] = 0x80;
  assert.equal(acknowledgementTag(dataIn), null);
  askForAcknowledgement(dataIn, lun, 0x7fff0001);
  assert.deepEqual(
    [...dataIn.subarray(1, 24)],
    [0xc0, ...new Uint8Array(6), ...lun, 0, 0, 0, 0, 0x7f, 0xff, 0, 1],
  );
  assert.equal(acknowledgementTag(dataIn), 0x7fff0001);

  const response = new Uint8Array(48);
  putResponseTags(response, 0x55, 0x66);
  assert.deepEqual([response[23], response[39]], [0x55, 0x66]);
});

test('sense data comes back from the data segment of a response', () => {
  const sense = Uint8Array.of(0x70, 0, 5, 1, 2, 3);
  assert.deepEqual(decodeSenseSegment(encodeSenseSegment(sense)), sense);
  assert.equal(decodeSenseSegment(new Uint8Array(0)).length, 0);
});

test('an extended CDB comes back from its additional header segment', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 244 }), (rest) => {
      const decoded = decodeAdditionalHeaders(encodeExtendedCdb(rest));
      assert.deepEqual(decoded?.extendedCdb, rest);
    }),
  );
});

test('additional header segments whose lengths do not add up are refused', () => {
  assert.equal(decodeAdditionalHeaders(Uint8Array.of(0, 200, 1, 0)), null, 'past the end');
  assert.equal(decodeAdditionalHeaders(Uint8Array.of(0, 0, 1, 0)), null, 'of length 0');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1020 }), (any) => void decodeAdditionalHeaders(any)));
});
