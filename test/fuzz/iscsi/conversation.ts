/** Valid conversations of a client with a target port, as lists of turns, and the one thing that goes wrong in each. */
import fc from 'fast-check';
import { loginRequest, usualKeys } from '../../../client/login.ts';
import { NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { LoginStage } from '../../../src/wire/iscsi/login-request.ts';
import { encodeText } from '../../../src/wire/iscsi/text.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import type { Message } from '../message.ts';
import { type Mutation, mutation } from '../mutation.ts';
import type { Awaited, HostileClient } from './client.ts';
import { type ListCommand, listCommand } from './parameter-lists.ts';
import {
  commandPdu,
  dataOutPdu,
  loginPdu,
  logoutPdu,
  nopPdu,
  snackPdu,
  taskManagementPdu,
  textPdu,
} from './pdus.ts';

export interface Turn {
  readonly after: Awaited;
  /** Made when its turn comes: it has the numbers that the session has then. Null: it would be wrong by now. */
  readonly make: (client: HostileClient) => Message | null;
}

type WriteWay = 'immediate' | 'unsolicited' | 'solicited';

type Exchange =
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly cdb: readonly number[];
      readonly length: number;
    }
  | {
      readonly kind: 'write';
      readonly code: number;
      readonly lba: number;
      readonly blocks: number;
      readonly way: WriteWay;
      readonly pieces: number;
    }
  | { readonly kind: 'list'; readonly list: ListCommand; readonly way: WriteWay }
  | { readonly kind: 'nop'; readonly length: number }
  | { readonly kind: 'text'; readonly which: string }
  | { readonly kind: 'task management'; readonly what: number }
  | { readonly kind: 'snack'; readonly type: number }
  | { readonly kind: 'logout' };

export interface IscsiConversation {
  readonly protocol: 'iscsi';
  /** Of the ports of the cluster, modulo their number. */
  readonly port: number;
  /** Of the units that the port shows. */
  readonly unit: number;
  readonly login: 'one' | 'two' | 'pieces' | 'discovery';
  readonly keys: 'usual' | 'r2t' | 'digests';
  /** Each request waits for the answer to the one before it, or none does. */
  readonly inTurn: boolean;
  readonly attributes: number;
  readonly exchanges: readonly Exchange[];
  readonly mutation: Mutation;
}

const BLOCK = 512;
const lba = fc.nat(30_000);
const way = fc.constantFrom<WriteWay>('immediate', 'unsolicited', 'solicited');

/** Commands that bring data in, or none at all: [name, CDB, data-in length]. */
const plain: readonly (readonly [string, readonly number[], number])[] = [
  ['TEST UNIT READY', [0, 0, 0, 0, 0, 0], 0],
  ['REQUEST SENSE', [3, 0, 0, 0, 252, 0], 252],
  ['INQUIRY', [0x12, 0, 0, 0, 255, 0], 255],
  ...[0x00, 0x80, 0x83, 0x86, 0xb0, 0xb1, 0xb2].map(
    (page) => [`INQUIRY ${page.toString(16)}`, [0x12, 1, page, 4, 0, 0], 1024] as const,
  ),
  ['MODE SENSE (6)', [0x1a, 0, 0x3f, 0, 255, 0], 255],
  ['MODE SENSE (10)', [0x5a, 0x10, 0x3f, 0xff, 0, 0, 0, 4, 0, 0], 1024],
  ['READ CAPACITY (10)', [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8],
  ['READ CAPACITY (16)', [0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0], 32],
  ['GET LBA STATUS', [0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], 256],
  ['REPORT LUNS', [0xa0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0], 4096],
  ['REPORT TARGET PORT GROUPS', [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0], 1024],
  ['REPORT SUPPORTED OPERATION CODES', [0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 32, 0, 0, 0], 8192],
  ['REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS', [0xa3, 0x0d, 0x80, 0, 0, 0, 0, 0, 0, 16, 0, 0], 16],
  ...[0, 1, 2, 3].map(
    (action) => [`PERSISTENT RESERVE IN ${action}`, [0x5e, action, 0, 0, 0, 0, 0, 4, 0, 0], 1024] as const,
  ),
  ['READ DEFECT DATA (10)', [0x37, 0, 0x18, 0, 0, 0, 0, 0, 64, 0], 64],
  ['READ DEFECT DATA (12)', [0xb7, 0x18, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0], 64],
  ['SYNCHRONIZE CACHE (10)', [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0],
  ['START STOP UNIT', [0x1b, 0, 0, 0, 1, 0], 0],
  ['RESERVE (6)', [0x16, 0, 0, 0, 0, 0], 0],
  ['RELEASE (6)', [0x17, 0, 0, 0, 0, 0], 0],
];

const exchange: fc.Arbitrary<Exchange> = fc.oneof(
  {
    arbitrary: fc
      .constantFrom(...plain)
      .map(([name, cdb, length]) => ({ kind: 'command' as const, name, cdb, length })),
    weight: 3,
  },
  {
    arbitrary: fc
      .record({
        code: fc.constantFrom(0x28, 0xa8, 0x88),
        lba,
        blocks: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constant(1100)),
      })
      .map(({ code, lba: first, blocks }) => {
        return {
          kind: 'command' as const,
          name: 'READ',
          cdb: [...blockCdb(code, first, blocks)],
          length: blocks * BLOCK,
        };
      }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      code: fc.constantFrom(0x2a, 0xaa, 0x8a, 0x2e, 0x8b),
      lba,
      blocks: fc.integer({ min: 1, max: 64 }),
      way,
      pieces: fc.integer({ min: 1, max: 4 }),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ kind: fc.constant('list' as const), list: listCommand, way }), weight: 6 },
  {
    arbitrary: fc.record({ kind: fc.constant('nop' as const), length: fc.constantFrom(0, 1, 100, 8192) }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('text' as const),
      which: fc.constantFrom('All', '', 'iqn.nobody'),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('task management' as const),
      what: fc.integer({ min: 1, max: 8 }),
    }),
    weight: 1,
  },
  { arbitrary: fc.record({ kind: fc.constant('snack' as const), type: fc.nat(3) }), weight: 1 },
  { arbitrary: fc.constant({ kind: 'logout' as const }), weight: 1 },
);

export const iscsiConversation: fc.Arbitrary<IscsiConversation> = fc.record({
  protocol: fc.constant('iscsi' as const),
  port: fc.nat(7),
  unit: fc.nat(1),
  login: fc.constantFrom(
    'one' as const,
    'two' as const,
    'pieces' as const,
    'one' as const,
    'discovery' as const,
  ),
  keys: fc.constantFrom('usual' as const, 'r2t' as const, 'digests' as const),
  inTurn: fc.boolean(),
  attributes: fc.constantFrom(0, 1, 1, 2, 3),
  exchanges: fc.array(exchange, { minLength: 1, maxLength: 8, size: 'max' }),
  mutation,
});

const keySets: Readonly<Record<IscsiConversation['keys'], Readonly<Record<string, string>>>> = {
  usual: {},
  r2t: { InitialR2T: 'Yes', ImmediateData: 'No' },
  digests: { HeaderDigest: 'CRC32C,None', DataDigest: 'CRC32C,None' },
};

/** Where it goes, and as whom. */
export interface Party {
  /** LUNs of the units that the port shows. */
  readonly luns: readonly number[];
  readonly initiatorName: string;
  readonly targetName: string;
  readonly isid: string;
}

type Setting = IscsiConversation & { readonly lun: number };

const ready: Exchange = { kind: 'command', name: 'TEST UNIT READY', cdb: [0, 0, 0, 0, 0, 0], length: 0 };
const sendTargets: Exchange = { kind: 'text', which: 'All' };
const ofDiscovery: readonly Exchange['kind'][] = ['text', 'nop', 'logout'];

/** The conversation as it should be. */
export function turnsOf(conversation: IscsiConversation, party: Party): Turn[] {
  const setting = { ...conversation, lun: party.luns[conversation.unit % party.luns.length] ?? 0 };
  const discovers = conversation.login === 'discovery';
  const exchanges = conversation.exchanges.filter(({ kind }) => !discovers || ofDiscovery.includes(kind));
  // The first command of a nexus hears of a unit attention.
  const [first, ...rest] = [discovers ? sendTargets : ready, ...exchanges].flatMap((one) =>
    exchangeTurns(one, setting),
  );
  // Full feature phase begins with the last answer of the login.
  const begin = first === undefined ? [] : [{ ...first, after: 'answer' as const }];
  return [...loginTurns(conversation, party), ...begin, ...rest];
}

function loginTurns({ login, keys }: IscsiConversation, party: Party): Turn[] {
  const { initiatorName, isid } = party;
  const targetName = login === 'discovery' ? null : party.targetName;
  const pairs = usualKeys({ initiatorName, targetName, keys: keySets[keys] });
  const turn = (
    changes: Parameters<typeof loginRequest>[0],
    text: readonly (readonly [string, string])[],
  ): Turn => ({
    after: 'answer',
    make(client) {
      client.again();
      return loginPdu(loginRequest({ isid, ...changes }), encodeText(text));
    },
  });
  const half = pairs.length >> 1;
  switch (login) {
    case 'two':
      return [
        turn({ currentStage: LoginStage.security, nextStage: LoginStage.operational }, [
          ...pairs.slice(0, 3),
          ['AuthMethod', 'None'],
        ]),
        turn({}, pairs.slice(3)),
      ];
    case 'pieces':
      return [turn({ transit: false, continues: true }, pairs.slice(0, half)), turn({}, pairs.slice(half))];
    default:
      return [turn({}, pairs)];
  }
}

function exchangeTurns(one: Exchange, conversation: Setting): Turn[] {
  const after = conversation.inTurn ? ('answer' as const) : ('nothing' as const);
  const turn = (make: Turn['make']): Turn[] => [{ after, make }];
  const way = (wanted: WriteWay): WriteWay => (conversation.keys === 'r2t' ? 'solicited' : wanted);
  switch (one.kind) {
    case 'command':
      return turn((client) =>
        commandPdu(
          {
            ...ofUnit(conversation),
            name: one.name,
            cdb: Uint8Array.from(one.cdb),
            expectedLength: one.length,
            direction: one.length > 0 ? 'in' : 'none',
            more: false,
            immediateData: new Uint8Array(0),
            fields: [],
          },
          client.numbers(true),
        ),
      );
    case 'write': {
      const list = {
        name: 'WRITE',
        cdb: blockCdb(one.code, one.lba, one.blocks),
        data: pattern(one.blocks * BLOCK, one.lba & 0xff),
        fields: [],
      };
      return writeTurns(list, way(one.way), one.pieces, after, conversation);
    }
    case 'list':
      return writeTurns(one.list, way(one.way), 1, after, conversation);
    case 'nop':
      return turn((client) => nopPdu(pattern(one.length), client.numbers(false)));
    case 'text':
      return turn((client) => textPdu([['SendTargets', one.which]], client.numbers(true), true));
    case 'task management':
      return turn((client) =>
        taskManagementPdu(one.what, conversation.lun, client.tag, client.numbers(false)),
      );
    case 'snack':
      return turn((client) => snackPdu(one.type, client.numbers(false)));
    case 'logout':
      return turn((client) => logoutPdu(client.numbers(true)));
    default:
      return one satisfies never;
  }
}

function ofUnit({ lun, attributes }: Setting): {
  readonly lun: number;
  readonly attributes: number;
} {
  return { lun, attributes };
}

/** A command and its data: with it, behind it unasked, or when it is asked for, in so many pieces. */
function writeTurns(
  { name, cdb, data, fields }: ListCommand,
  way: WriteWay,
  pieces: number,
  after: Awaited,
  conversation: Setting,
): Turn[] {
  const immediateData = way === 'immediate' ? data : new Uint8Array(0);
  const shape = {
    ...ofUnit(conversation),
    name,
    cdb,
    expectedLength: data.length,
    direction: 'out' as const,
  };
  const command: Turn = {
    after,
    make(client) {
      client.r2t = null;
      const more = way === 'unsolicited' && data.length > 0;
      return commandPdu(
        { ...shape, more, immediateData, fields: way === 'immediate' ? fields : [] },
        client.numbers(true),
      );
    },
  };
  if (way === 'immediate' || data.length === 0) return [command];
  const length = Math.ceil(data.length / pieces / 4) * 4;
  const count = Math.ceil(data.length / length);
  const parts = Array.from(
    { length: count },
    (_, dataSN): Turn => ({
      after: way === 'solicited' ? 'r2t' : 'nothing',
      make: (client) =>
        dataOutPdu(
          {
            lun: conversation.lun,
            initiatorTaskTag: client.tag,
            targetTransferTag: way === 'solicited' ? (client.r2t?.targetTransferTag ?? NO_TAG) : NO_TAG,
            dataSN,
            bufferOffset: dataSN * length,
            final: dataSN === count - 1,
            data: data.slice(dataSN * length, (dataSN + 1) * length),
            fields: dataSN === 0 ? fields : [],
          },
          client.expStatSN,
        ),
    }),
  );
  return [command, ...parts];
}
