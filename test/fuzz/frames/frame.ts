/** Right frames of the interconnect (docs/interconnect.md), and the fields that a mutation may pick. */
import { encodeCommand } from '../../../src/wire/interconnect/command.ts';
import { FINAL, type FrameType, FrameType as Type } from '../../../src/wire/interconnect/frame.ts';
import { encodeHello, type Hello } from '../../../src/wire/interconnect/hello.ts';
import { encodeInventory, type InventoryUnit } from '../../../src/wire/interconnect/inventory.ts';
import { encodeNexusOpen } from '../../../src/wire/interconnect/nexus.ts';
import { encodeResult } from '../../../src/wire/interconnect/result.ts';
import { encodeTaskManagement } from '../../../src/wire/interconnect/task-management.ts';
import type { Sense } from '../../../src/wire/scsi/sense.ts';
import { cdbFields } from '../iscsi/pdus.ts';
import type { Field } from '../message.ts';

const NO_BYTES = new Uint8Array(0);
/** In the parameters of COMMAND. */
const CDB_AT = 34;

export interface Frame {
  readonly name: string;
  readonly type: FrameType;
  readonly flags: number;
  readonly exchange: number;
  readonly parameters: Uint8Array;
  readonly payload: Uint8Array;
  /** Of the parameters, their places counted from where those begin; and of the payload. */
  readonly fields: readonly Field[];
}

type Places = Readonly<Record<string, readonly [at: number, length: 1 | 2 | 4, isLength?: 'length']>>;

function places(part: Field['part'], of: Places): Field[] {
  return Object.entries(of).map(([name, [at, length, isLength]]) => {
    return { name, part, at, length, isLength: isLength !== undefined };
  });
}

function frame(
  name: string,
  type: FrameType,
  exchange: number,
  encode: (into: Uint8Array) => number,
  of: Places = {},
  payload: Uint8Array = NO_BYTES,
  more: { readonly flags?: number; readonly fields?: readonly Field[] } = {},
): Frame {
  const bytes = new Uint8Array(1024);
  const parameters = bytes.slice(0, encode(bytes));
  const fields = [...places('header', of), ...(more.fields ?? [])];
  return { name, type, flags: more.flags ?? 0, exchange, parameters, payload, fields };
}

/** Parameters that are words. */
function words(...values: readonly number[]): (into: Uint8Array) => number {
  return (into) => {
    const view = new DataView(into.buffer);
    for (const [at, value] of values.entries()) view.setUint32(at * 4, value);
    return values.length * 4;
  };
}

export const hello = (of: Hello): Frame =>
  frame('HELLO', Type.hello, 0, (into) => encodeHello(of, into, 0), {
    magic: [0, 4],
    'lowest version': [4, 2],
    'highest version': [6, 2],
    'unsolicited credit': [20, 4, 'length'],
    'exchange limit': [24, 4, 'length'],
    flags: [28, 4],
    'name length': [32, 1, 'length'],
  });

export const inventory = (units: readonly InventoryUnit[]): Frame => {
  const { payload } = encodeInventory(units, new Uint8Array(2), 0);
  const count = (into: Uint8Array) => {
    into[1] = units.length;
    return 2;
  };
  const fields = places('data', {
    'unit id': [0, 4],
    'block length': [4, 4, 'length'],
    'block count high': [8, 4, 'length'],
    'block count low': [12, 4, 'length'],
    'access state': [16, 1],
    'name length': [17, 1, 'length'],
  });
  return frame('INVENTORY', Type.inventory, 0, count, { count: [0, 2, 'length'] }, payload.slice(), {
    fields,
  });
};

export const nexusOpen = (nexus: number): Frame => {
  const names = {
    initiatorName: 'iqn.2026-11.test:gammas',
    portName: 'gamma-all',
    targetName: 'iqn.2026-11.test:gamma-all',
  };
  const open = { nexus, relativeId: 9, portalGroupTag: 9, groupId: 3, isid: '00023d0000aa', ...names };
  return frame('NEXUS_OPEN', Type.nexusOpen, 0, (into) => encodeNexusOpen(open, into, 0), {
    nexus: [0, 4],
    'relative port id': [4, 2],
    'group id': [8, 2],
    'name length': [16, 1, 'length'],
  });
};

export const nexusClose = (nexus: number): Frame =>
  frame(
    'NEXUS_CLOSE',
    Type.nexusClose,
    0,
    (into) => {
      words(nexus)(into);
      into[4] = 1;
      return 5;
    },
    { nexus: [0, 4], why: [4, 1] },
  );

export const nexusHeld = (nexus: number, number: number): Frame =>
  frame('NEXUS_HELD', Type.nexusHeld, 0, words(nexus, number), { nexus: [0, 4], number: [4, 4] });

export const probe = (number: number): Frame =>
  frame('PROBE', Type.probe, 0, words(number), { number: [0, 4] });

export const probeReply = (number: number): Frame =>
  frame('PROBE_REPLY', Type.probeReply, 0, words(number), { number: [0, 4] });

export const goodbye = (): Frame => frame('GOODBYE', Type.goodbye, 0, words());

export interface CommandShape {
  readonly name: string;
  readonly nexus: number;
  readonly unit: number;
  readonly exchange: number;
  readonly cdb: Uint8Array;
  readonly dataIn: number;
  readonly credit: number;
  readonly dataOut: number;
  /** Comes with it. */
  readonly payload: Uint8Array;
  readonly fields: readonly Field[];
}

export const command = (shape: CommandShape): Frame => {
  const parameters = {
    nexus: shape.nexus,
    unit: shape.unit,
    tag: shape.exchange,
    taskAttribute: 0,
    dataOutLength: shape.dataOut,
    dataInLength: shape.dataIn,
    unsolicitedLength: shape.payload.length,
    dataInCredit: shape.credit,
    readSetLength: 65536,
    cdb: shape.cdb,
  };
  const of: Places = {
    nexus: [0, 4],
    tag: [8, 4],
    'task attribute': [12, 1],
    'CDB length': [13, 1, 'length'],
    'data-out length': [14, 4, 'length'],
    'data-in length': [18, 4, 'length'],
    'unsolicited length': [22, 4, 'length'],
    credit: [26, 4, 'length'],
    'read set': [30, 4, 'length'],
  };
  const encode = (into: Uint8Array) => encodeCommand(parameters, into, 0);
  const { name, exchange, payload, fields } = shape;
  return frame(`COMMAND ${name}`, Type.command, exchange, encode, of, payload, {
    fields: [...cdbFields(shape.cdb, CDB_AT), ...fields],
  });
};

export const dataOut = (exchange: number, offset: number, payload: Uint8Array): Frame =>
  frame('DATA_OUT', Type.dataOut, exchange, words(offset), { offset: [0, 4, 'length'] }, payload);

export const grant = (exchange: number, length: number): Frame =>
  frame('GRANT', Type.grant, exchange, words(length), { length: [0, 4, 'length'] });

export const taskManagement = (
  exchange: number,
  nexus: number,
  unit: number,
  what: number,
  tag: number,
): Frame =>
  frame(
    'TASK_MANAGEMENT',
    Type.taskManagement,
    exchange,
    (into) => encodeTaskManagement({ nexus, unit, function: what, tag }, into, 0),
    { nexus: [0, 4], function: [8, 1], tag: [9, 4] },
  );

export const transferReady = (exchange: number, offset: number, length: number): Frame =>
  frame('TRANSFER_READY', Type.transferReady, exchange, words(offset, length), {
    offset: [0, 4, 'length'],
    length: [4, 4, 'length'],
  });

const resultPlaces = (at: number): Places => ({
  'result kind': [at, 1],
  status: [at + 1, 1],
  'presented length': [at + 2, 4, 'length'],
});

/** With `ends`, the status comes with it. */
export const dataIn = (exchange: number, offset: number, payload: Uint8Array, ends: boolean): Frame => {
  const result = { kind: 0, status: 0, presentedLength: offset + payload.length, sense: null };
  const encode = (into: Uint8Array) => words(offset)(into) + (ends ? encodeResult(result, into, 4) : 0);
  const of = { offset: [0, 4, 'length'], ...(ends ? resultPlaces(4) : {}) } as const;
  return frame('DATA_IN', Type.dataIn, exchange, encode, of, payload, { flags: ends ? FINAL : 0 });
};

export const response = (
  exchange: number,
  status: number,
  presentedLength: number,
  sense: Sense | null,
): Frame =>
  frame(
    'RESPONSE',
    Type.response,
    exchange,
    (into) => encodeResult({ kind: 0, status, presentedLength, sense }, into, 0),
    resultPlaces(0),
  );

export const taskManagementResponse = (exchange: number): Frame =>
  frame(
    'TASK_MANAGEMENT_RESPONSE',
    Type.taskManagementResponse,
    exchange,
    (into) => {
      into[0] = 0;
      return 1;
    },
    { response: [0, 1] },
  );
