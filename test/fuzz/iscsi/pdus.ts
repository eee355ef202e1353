/** Right PDUs as messages: the product's own encoders, and the fields that a mutation may pick. */
import { BHS_LENGTH, NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { encodeDataOut } from '../../../src/wire/iscsi/data-out.ts';
import { encodeLoginRequest, type LoginRequest } from '../../../src/wire/iscsi/login-request.ts';
import { encodeLogoutRequest } from '../../../src/wire/iscsi/logout-request.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { encodeScsiCommand } from '../../../src/wire/iscsi/scsi-command.ts';
import { encodeSnackRequest, type SnackRequest, SnackType } from '../../../src/wire/iscsi/snack-request.ts';
import { encodeTaskManagementRequest } from '../../../src/wire/iscsi/task-management-request.ts';
import { encodeText } from '../../../src/wire/iscsi/text.ts';
import { encodeTextRequest } from '../../../src/wire/iscsi/text-request.ts';
import { putU24 } from '../../../src/wire/scsi/bytes.ts';
import { cdbLength } from '../../../src/wire/scsi/cdb.ts';
import { encodeLun } from '../../../src/wire/scsi/lun.ts';
import { common, type Field, fieldsIn, LUN_FIELD, type Message } from '../message.ts';
import type { AskedFor } from './session.ts';

const NO_BYTES = new Uint8Array(0);
/** Of a SCSI Command. */
const CDB_AT = 32;

/** What the numbers of a PDU are at the moment: of the session that sends it. */
export interface Numbers {
  readonly initiatorTaskTag: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
}

const everywhere = fieldsIn(
  'header',
  {
    opcode: [0, 1],
    flags: [1, 1],
    reserved: [2, 2],
    [LUN_FIELD]: [8, 2],
    'LUN bytes 2-5': [10, 4],
    ITT: [16, 4],
  },
  { TotalAHSLength: [4, 1], DataSegmentLength: [5, 3] },
).map(common);
const sequence = fieldsIn('header', { CmdSN: [24, 4], ExpStatSN: [28, 4] });

function message(
  name: string,
  encode: (into: Uint8Array) => void,
  data: Uint8Array,
  fields: readonly Field[],
  extra: Uint8Array = NO_BYTES,
): Message {
  const header = new Uint8Array(BHS_LENGTH + extra.length);
  encode(header);
  header.set(extra, BHS_LENGTH);
  header[4] = extra.length / 4;
  return {
    name,
    header,
    data,
    fields: [...everywhere, ...fields],
    tellLength: (at, length) => putU24(at, 5, length),
  };
}

export function loginPdu(request: LoginRequest, data: Uint8Array): Message {
  const fields = fieldsIn('header', {
    VersionMax: [2, 1],
    VersionMin: [3, 1],
    'ISID bytes 0-3': [8, 4],
    'ISID bytes 4-5': [12, 2],
    TSIH: [14, 2],
    CID: [20, 2],
  });
  const encode = (into: Uint8Array) =>
    encodeLoginRequest({ ...request, dataSegmentLength: data.length }, into);
  return message('Login Request', encode, data, [...fields, ...sequence]);
}

export interface CommandShape {
  readonly name: string;
  readonly lun: number;
  readonly cdb: Uint8Array;
  readonly attributes: number;
  readonly expectedLength: number;
  readonly direction: 'none' | 'in' | 'out';
  /** Unsolicited Data-Out PDUs follow. */
  readonly more: boolean;
  readonly immediateData: Uint8Array;
  /** Of the immediate data, where it is a parameter list. */
  readonly fields: readonly Field[];
}

export function commandPdu(shape: CommandShape, numbers: Numbers): Message {
  const { cdb, direction, immediateData, expectedLength, attributes } = shape;
  const encode = (into: Uint8Array) =>
    encodeScsiCommand(
      {
        ...numbers,
        immediate: false,
        final: !shape.more,
        read: direction === 'in',
        write: direction === 'out',
        attributes,
        dataSegmentLength: immediateData.length,
        lun: lunBytes(shape.lun),
        expectedDataTransferLength: expectedLength,
        cdb,
      },
      into,
    );
  const fields = [
    ...fieldsIn('header', {}, { ExpectedDataTransferLength: [20, 4] }),
    ...cdbFields(cdb),
    ...shape.fields,
  ];
  return message(`SCSI Command ${shape.name}`, encode, immediateData, [...sequence, ...fields]);
}

/** Every byte of a CDB that stands at `at` of a header, and where its group keeps LBA and length. */
export function cdbFields(cdb: Uint8Array, at = CDB_AT): Field[] {
  const length = cdbLength(cdb[0] ?? 0);
  const bytes = Object.fromEntries(
    Array.from({ length }, (_, index) => [`CDB byte ${index}`, [at + index, 1]] as const),
  );
  switch (length) {
    case 10:
      return fieldsIn('header', bytes, { LBA: [at + 2, 4], 'CDB length': [at + 7, 2] });
    case 12:
      return fieldsIn('header', bytes, { LBA: [at + 2, 4], 'CDB length': [at + 6, 4] });
    case 16:
      return fieldsIn(
        'header',
        { ...bytes, 'LBA high': [at + 2, 4] },
        { 'LBA low': [at + 6, 4], 'CDB length': [at + 10, 4] },
      );
    default:
      return fieldsIn('header', bytes, { 'CDB length': [at + 4, 1] });
  }
}

export interface DataOutShape {
  readonly lun: number;
  readonly initiatorTaskTag: number;
  readonly targetTransferTag: number;
  readonly dataSN: number;
  readonly bufferOffset: number;
  readonly final: boolean;
  readonly data: Uint8Array;
  readonly fields: readonly Field[];
}

export function dataOutPdu(shape: DataOutShape, expStatSN: number): Message {
  const { data } = shape;
  const encode = (into: Uint8Array) =>
    encodeDataOut({ ...shape, lun: lunBytes(shape.lun), dataSegmentLength: data.length, expStatSN }, into);
  const fields = fieldsIn(
    'header',
    { TTT: [20, 4], ExpStatSN: [28, 4], DataSN: [36, 4] },
    { BufferOffset: [40, 4] },
  );
  return message('Data-Out', encode, data, [...fields, ...shape.fields]);
}

export function nopPdu(
  data: Uint8Array,
  numbers: Numbers,
  targetTransferTag = NO_TAG,
  immediate = true,
): Message {
  const shape = {
    immediate,
    dataSegmentLength: data.length,
    lun: lunBytes(0),
    targetTransferTag,
    ...numbers,
  };
  return message('NOP-Out', (into) => encodeNopOut(shape, into), data, [
    ...sequence,
    ...fieldsIn('header', { TTT: [20, 4] }),
  ]);
}

export function textPdu(
  pairs: readonly (readonly [string, string])[],
  numbers: Numbers,
  final: boolean,
): Message {
  const data = encodeText(pairs);
  const flags = { immediate: false, final, continues: !final };
  const shape = {
    ...flags,
    dataSegmentLength: data.length,
    lun: lunBytes(0),
    targetTransferTag: NO_TAG,
    ...numbers,
  };
  return message('Text Request', (into) => encodeTextRequest(shape, into), data, [
    ...sequence,
    ...fieldsIn('header', { TTT: [20, 4] }),
  ]);
}

export function taskManagementPdu(
  what: number,
  lun: number,
  referencedTaskTag: number,
  numbers: Numbers,
): Message {
  const shape = {
    immediate: true,
    function: what,
    lun: lunBytes(lun),
    referencedTaskTag,
    refCmdSN: numbers.cmdSN - 1,
    expDataSN: 0,
  };
  return message(
    'Task Management Request',
    (into) => encodeTaskManagementRequest({ ...shape, ...numbers }, into),
    NO_BYTES,
    [
      ...sequence,
      ...fieldsIn('header', { 'Referenced Task Tag': [20, 4], RefCmdSN: [32, 4], ExpDataSN: [36, 4] }),
    ],
  );
}

/** `targetTransferTag`, `begRun`: what its type makes of them; NO_TAG and 0 where not given. */
export function snackPdu(shape: Partial<SnackRequest>): Message {
  const request: SnackRequest = {
    type: SnackType.dataOrR2t,
    lun: lunBytes(0),
    initiatorTaskTag: NO_TAG,
    targetTransferTag: NO_TAG,
    expStatSN: 0,
    begRun: 0,
    runLength: 0,
    ...shape,
  };
  return message('SNACK Request', (into) => encodeSnackRequest(request, into), NO_BYTES, [
    ...sequence,
    ...fieldsIn('header', { TTT: [20, 4] }, { BegRun: [40, 4], RunLength: [44, 4] }),
  ]);
}

/** All that came up to there is here. */
export function acknowledgementPdu(
  { lun, targetTransferTag, nextDataSN }: AskedFor,
  expStatSN: number,
): Message {
  return snackPdu({ type: SnackType.dataAck, lun, targetTransferTag, expStatSN, begRun: nextDataSN });
}

/** Reason 1 closes one connection; 0 the session. */
export function logoutPdu(reason: number, connectionId: number, numbers: Numbers): Message {
  const shape = { immediate: false, reason, connectionId, ...numbers };
  return message('Logout Request', (into) => encodeLogoutRequest(shape, into), NO_BYTES, [
    ...sequence,
    ...fieldsIn('header', { CID: [20, 2] }),
  ]);
}

function lunBytes(lun: number): Uint8Array {
  const bytes = new Uint8Array(8);
  encodeLun(lun, bytes, 0);
  return bytes;
}
