/** Valid conversations of a client with a target port, as lists of turns, and the one thing that goes wrong in each. */
import fc from 'fast-check';
import { copyAbortCdb, copyInCdb } from '../../support/copy-lists.ts';
import { blockCdb } from '../../support/scsi.ts';
import type { Message } from '../message.ts';
import { type Mutation, mutation } from '../mutation.ts';
import { anyRange } from '../ranges.ts';
import { BLOCK } from '../victim-file.ts';
import type { Awaited, HostileClient } from './client.ts';
import { type CopyExchange, copyExchange } from './copies.ts';
import { type KeySet, type LoginWay, loginTurns, type Party } from './login.ts';
import { type ListCommand, listCommand } from './parameter-lists.ts';
import { exchangeTurns, ready, sendTargets } from './turns.ts';
import { withList } from './wrong-list.ts';

export interface Turn {
  readonly opens?: true;
  /** Of the session's connections: 0 where not given. */
  readonly connection?: 0 | 1;
  readonly after: Awaited;
  /** Made when its turn comes: it has the numbers that the session has then. Null: it would be wrong by now. */
  readonly make: (client: HostileClient) => Message | null;
}

export type WriteWay = 'immediate' | 'unsolicited' | 'solicited';

export type Exchange =
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
  | CopyExchange
  | { readonly kind: 'logout' };

export interface IscsiConversation {
  readonly protocol: 'iscsi';
  /** Of the ports of the cluster, modulo their number. */
  readonly port: number;
  /** Of the units that the port shows. */
  readonly unit: number;
  readonly login: LoginWay;
  readonly keys: KeySet;
  /** Each request waits for the answer to the one before it, or none does. */
  readonly inTurn: boolean;
  readonly attributes: number;
  readonly exchanges: readonly Exchange[];
  readonly mutation: Mutation;
}

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
  ...[0, 3, 4, 5, 7].map(
    (action) => [`THIRD-PARTY COPY IN ${action}`, [...copyInCdb(action, 1)], 1024] as const,
  ),
  ['COPY OPERATION ABORT', [...copyAbortCdb(1)], 0],
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
        range: anyRange(fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constant(1100))),
      })
      .map(({ code, range: { lba, blocks } }) => {
        return {
          kind: 'command' as const,
          name: 'READ',
          cdb: [...blockCdb(code, lba, blocks)],
          length: blocks * BLOCK,
        };
      }),
    weight: 5,
  },
  {
    arbitrary: fc
      .record({
        kind: fc.constant('write' as const),
        code: fc.constantFrom(0x2a, 0xaa, 0x8a, 0x2e, 0x8b),
        range: anyRange(fc.integer({ min: 1, max: 64 })),
        way,
        pieces: fc.integer({ min: 1, max: 4 }),
      })
      .map(({ range, ...one }) => ({ ...one, ...range })),
    weight: 6,
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
  // Of many turns.
  { arbitrary: copyExchange, weight: 1 },
  { arbitrary: fc.constant({ kind: 'logout' as const }), weight: 1 },
);

export const iscsiConversation: fc.Arbitrary<IscsiConversation> = fc.record({
  protocol: fc.constant('iscsi' as const),
  port: fc.nat(7),
  unit: fc.nat(1),
  login: fc.constantFrom<LoginWay[]>('one', 'two', 'pieces', 'one', 'discovery', 'chap', 'mutual chap'),
  keys: fc.constantFrom<KeySet[]>('usual', 'r2t', 'digests', 'recovery', 'several'),
  inTurn: fc.boolean(),
  attributes: fc.constantFrom(0, 1, 1, 2, 3),
  exchanges: fc.array(exchange, { minLength: 1, maxLength: 6, size: 'max' }),
  mutation,
});

const ofDiscovery: readonly Exchange['kind'][] = ['text', 'nop', 'logout'];

/** The conversation as it should be. */
export function turnsOf(conversation: IscsiConversation, party: Party): Turn[] {
  const { unit, login, keys } = conversation;
  const lun = (place: number) => party.luns[place % party.luns.length] ?? 0;
  const setting = { ...conversation, lun: lun(unit), otherLun: lun(unit + 1), connection: 0 as const };
  const discovers = login === 'discovery';
  const several = keys === 'several' && !discovers;
  const exchanges = withList(conversation.exchanges, conversation.mutation).filter(
    ({ kind }) => !discovers || ofDiscovery.includes(kind),
  );
  // The first command of a nexus at a unit hears of a unit attention.
  const others = setting.otherLun === setting.lun ? [] : [{ ...setting, lun: setting.otherLun }];
  const firsts = discovers
    ? exchangeTurns(sendTargets, setting)
    : [setting, ...others].flatMap((at) => exchangeTurns(ready, at));
  // Full feature phase begins with the last answer of the login.
  const begin = firsts.map((turn, place) => (place === 0 ? { ...turn, after: 'answer' as const } : turn));
  const joins = several ? loginTurns(login, keys, 1, party) : [];
  return [
    ...[...loginTurns(login, keys, 0, party), ...joins, ...begin].map(opens),
    ...exchanges.flatMap((one, place) =>
      exchangeTurns(one, several && place % 2 === 0 ? { ...setting, connection: 1 } : setting),
    ),
  ];
}

function opens(turn: Turn): Turn {
  return { ...turn, opens: true };
}
