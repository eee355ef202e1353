/** Valid conversations of a partner system with the owner of a unit, as lists of turns, and what goes wrong in each. */
import fc from 'fast-check';
import { makeHello } from '../../../src/cluster/link/handshake.ts';
import { rodTokenKey } from '../../../src/scsi/rod-token-key.ts';
import { ROD_TOKEN_LENGTH } from '../../../src/wire/scsi/copy/rod-token.ts';
import { copyInCdb } from '../../support/copy-lists.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { type IscsiConversation, iscsiConversation } from '../iscsi/conversation.ts';
import { populateToken } from '../iscsi/copies.ts';
import { type ListCommand, listCommand } from '../iscsi/parameter-lists.ts';
import { withList } from '../iscsi/wrong-list.ts';
import { type Mutation, mutation } from '../mutation.ts';
import { anyRange } from '../ranges.ts';
import { BLOCK } from '../victim-file.ts';
import {
  command,
  dataOut,
  type Frame,
  goodbye,
  grant,
  hello,
  inventory,
  nexusClose,
  nexusOpen,
  probe,
  taskManagement,
} from './frame.ts';
import { type Link, ownUnits } from './link.ts';
import { gamma } from './peer.ts';

/** What a turn waits for: WELCOME, the partner's INVENTORY, TRANSFER_READY, or the end of the last exchange. */
export type Awaited = 'nothing' | 'welcome' | 'inventory' | 'ready' | 'answer';

export interface Turn {
  readonly opens?: true;
  readonly after: Awaited;
  /** Null: it would be wrong by now. */
  readonly make: (link: Link) => Frame | null;
}

type Exchange =
  | { readonly kind: 'ready' | 'probe' | 'nexus' | 'goodbye' }
  | { readonly kind: 'read'; readonly lba: number; readonly blocks: number; readonly credit: number }
  | {
      readonly kind: 'write';
      readonly lba: number;
      readonly blocks: number;
      readonly asked: boolean;
      readonly pieces: number;
    }
  /** Of an inventory, what would be the CDB are the parameters: they count what is in the list. */
  | { readonly kind: 'list' | 'token' | 'inventory'; readonly list: ListCommand }
  | { readonly kind: 'manage'; readonly what: number };

interface OfLink {
  readonly transport: 'tcp' | 'fcip';
  readonly system: 'alpha' | 'beta';
  readonly mutation: Mutation;
}

/** Gamma as originator: it brings commands for a unit of the other system's. */
export interface FrameConversation extends OfLink {
  readonly protocol: 'frames';
  readonly exchanges: readonly Exchange[];
}

/** Gamma as owner: the other system brings the commands of a client, which does nothing wrong, for gamma's unit. */
export interface OwnerConversation extends OfLink {
  readonly protocol: 'owner';
  readonly client: IscsiConversation;
}

const exchange: fc.Arbitrary<Exchange> = fc.oneof(
  {
    arbitrary: fc.record({ kind: fc.constantFrom('ready' as const, 'probe' as const, 'nexus' as const) }),
    weight: 2,
  },
  // Again, as where a unit of its has changed.
  { arbitrary: fc.constant({ kind: 'inventory' as const, list: inventoryList() }), weight: 5 },
  { arbitrary: fc.constant({ kind: 'goodbye' as const }), weight: 1 },
  {
    arbitrary: fc
      .record({
        kind: fc.constant('read' as const),
        range: anyRange(fc.constantFrom(1, 8, 64, 300)),
        credit: fc.constantFrom(65_536, 262_144),
      })
      .map(({ range, ...one }) => ({ ...one, ...range })),
    weight: 4,
  },
  {
    arbitrary: fc
      .record({
        kind: fc.constant('write' as const),
        range: anyRange(fc.integer({ min: 1, max: 64 })),
        asked: fc.boolean(),
        pieces: fc.integer({ min: 1, max: 3 }),
      })
      .map(({ range, ...one }) => ({ ...one, ...range })),
    weight: 5,
  },
  { arbitrary: fc.record({ kind: fc.constant('list' as const), list: listCommand }), weight: 5 },
  {
    arbitrary: fc.record({ kind: fc.constant('token' as const), list: populateToken }),
    weight: 1,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('manage' as const), what: fc.integer({ min: 1, max: 5 }) }),
    weight: 2,
  },
);

const ofLink = {
  transport: fc.constantFrom('tcp' as const, 'fcip' as const),
  system: fc.constantFrom('alpha' as const, 'beta' as const),
  mutation,
};

export const frameConversation: fc.Arbitrary<FrameConversation> = fc.record({
  protocol: fc.constant('frames' as const),
  exchanges: fc.array(exchange, { minLength: 1, maxLength: 6, size: 'max' }),
  ...ofLink,
});

export const ownerConversation: fc.Arbitrary<OwnerConversation> = fc.record({
  protocol: fc.constant('owner' as const),
  client: iscsiConversation.map((one) => ({
    ...one,
    login: 'one' as const,
    mutation: { kind: 'none' as const },
  })),
  ...ofLink,
});

/** How every conversation begins. */
export function openingTurns(partner: string): Turn[] {
  return [greeting(partner), ...exchangeTurns(announced).map(whenWelcome)];
}

const announced: Exchange = { kind: 'inventory', list: inventoryList() };

function greeting(partner: string): Turn {
  return { after: 'nothing', make: () => hello(makeHello(gamma, partner, 0, false)) };
}

function whenWelcome(turn: Turn): Turn {
  return { ...turn, after: 'welcome' };
}

/** The conversation as it should be. */
export function turnsOf({ exchanges, system, mutation: changes }: FrameConversation): Turn[] {
  const open: Turn = { after: 'inventory', make: (link) => nexusOpen(link.newNexus()) };
  const [first, ...rest] = withList([announced, ...exchanges], changes).map(exchangeTurns);
  const units = (first ?? []).map(whenWelcome);
  const opening = [greeting(system), ...units, open, ...exchangeTurns({ kind: 'ready' })];
  return [...opening.map((turn): Turn => ({ ...turn, opens: true })), ...rest.flat()];
}

function exchangeTurns(one: Exchange): Turn[] {
  const turn = (make: Turn['make'], after: Awaited = 'answer'): Turn => ({ after, make });
  switch (one.kind) {
    case 'ready':
      return [
        turn((link) =>
          request(link, { name: 'TEST UNIT READY', cdb: new Uint8Array(6), data: none, fields: [] }),
        ),
      ];
    case 'probe':
      return [turn((link) => probe(link.newExchange() & 0xff), 'nothing')];
    case 'nexus':
      return [turn((link) => nexusClose(link.nexus)), turn((link) => nexusOpen(link.newNexus()), 'nothing')];
    case 'inventory':
      return [turn(() => inventoryFrame(one.list), 'nothing')];
    case 'goodbye':
      return [turn(() => goodbye())];
    case 'read': {
      const dataIn = one.blocks * BLOCK;
      const cdb = blockCdb(0x88, one.lba, one.blocks);
      const list = { name: 'READ (16)', cdb, data: none, fields: [] };
      const credit = Math.min(one.credit, dataIn);
      const more = turn((link) => grant(link.exchange, dataIn - credit), 'nothing');
      return [turn((link) => request(link, list, { dataIn, credit })), ...(credit < dataIn ? [more] : [])];
    }
    case 'write': {
      const data = pattern(one.blocks * BLOCK, one.lba & 0xff);
      const list = { name: 'WRITE (16)', cdb: blockCdb(0x8a, one.lba, one.blocks), data, fields: [] };
      return one.asked ? askedTurns(list, one.pieces) : [turn((link) => request(link, list))];
    }
    case 'list':
      return [turn((link) => request(link, one.list))];
    case 'token':
      // As a copy manager does: it asks what the token is, and, by its key, for its ranges.
      return [
        turn((link) => request(link, one.list)),
        turn((link) => request(link, information(none), informationReads)),
        turn((link) =>
          request(link, information(rodTokenKey(link.dataIn.slice(-ROD_TOKEN_LENGTH))), informationReads),
        ),
      ];
    case 'manage':
      return [
        turn((link) => {
          const referenced = link.exchange;
          return taskManagement(link.newExchange(), link.nexus, link.unit, one.what, referenced);
        }, 'nothing'),
      ];
    default:
      return one satisfies never;
  }
}

function inventoryList(): ListCommand {
  const { name, parameters, payload, fields } = inventory(ownUnits);
  return { name, cdb: parameters, data: payload, fields };
}

function inventoryFrame({ name, cdb, data }: ListCommand): Frame {
  return { ...inventory(ownUnits), name, parameters: cdb, payload: data };
}

const none = new Uint8Array(0);
const informationReads = { dataIn: 1024, credit: 1024 };

/** RECEIVE ROD TOKEN INFORMATION, with the key of a token behind its CDB. */
function information(key: Uint8Array): ListCommand {
  const cdb = Uint8Array.from([...copyInCdb(0x07, 1), ...key]);
  return { name: 'RECEIVE ROD TOKEN INFORMATION', cdb, data: none, fields: [] };
}

/** A COMMAND with all of its data. */
function request(
  link: Link,
  { name, cdb, data, fields }: ListCommand,
  reads = { dataIn: 0, credit: 0 },
): Frame {
  const { nexus, unit } = link;
  const exchange = link.newExchange();
  return command({ name, nexus, unit, exchange, cdb, ...reads, dataOut: data.length, payload: data, fields });
}

/** A COMMAND whose data comes when the owner asks for it. */
function askedTurns({ name, cdb, data }: ListCommand, pieces: number): Turn[] {
  const length = Math.ceil(data.length / pieces / 4) * 4;
  const begin: Turn = {
    after: 'answer',
    make(link) {
      const { nexus, unit } = link;
      const shape = {
        name,
        nexus,
        unit,
        exchange: link.newExchange(),
        cdb,
        dataIn: 0,
        credit: 0,
        fields: [],
      };
      return command({ ...shape, dataOut: data.length, payload: none });
    },
  };
  const parts = Array.from(
    { length: Math.ceil(data.length / length) },
    (_, place): Turn => ({
      after: place === 0 ? 'ready' : 'nothing',
      make: (link) =>
        link.asked === null
          ? null
          : dataOut(link.exchange, place * length, data.slice(place * length, (place + 1) * length)),
    }),
  );
  return [begin, ...parts];
}
