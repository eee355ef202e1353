/** The turns of one exchange of a conversation: PDUs that are right, with the numbers that the session has by then. */
import { NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { SnackType } from '../../../src/wire/iscsi/snack-request.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import type { Message } from '../message.ts';
import { BLOCK } from '../victim-file.ts';
import type { Awaited, HostileClient } from './client.ts';
import type { Exchange, IscsiConversation, Turn, WriteWay } from './conversation.ts';
import { type CopyStep, copySteps } from './copies.ts';
import { dataOf, type ListCommand } from './parameter-lists.ts';
import {
  acknowledgementPdu,
  commandPdu,
  dataOutPdu,
  logoutPdu,
  nopPdu,
  snackPdu,
  taskManagementPdu,
  textPdu,
} from './pdus.ts';

/** The SNACK Tag of Data-In PDUs that are to come anew. */
const RESEGMENTED = 0x77;

/** A conversation at one of its exchanges. */
export type Setting = IscsiConversation & {
  readonly connection: 0 | 1;
  readonly lun: number;
  /** Of another unit that the port shows, where it shows one. */
  readonly otherLun: number;
};

export const ready: Exchange = {
  kind: 'command',
  name: 'TEST UNIT READY',
  cdb: [0, 0, 0, 0, 0, 0],
  length: 0,
};
export const sendTargets: Exchange = { kind: 'text', which: 'All' };

/** All on one connection. */
export function exchangeTurns(one: Exchange, conversation: Setting): Turn[] {
  const { connection } = conversation;
  return turnsFor(one, conversation).map((turn) => ({ ...turn, connection }));
}

function turnsFor(one: Exchange, conversation: Setting): Turn[] {
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
        taskManagementPdu(one.what, conversation.lun, client.session.tag, client.numbers(false)),
      );
    case 'snack':
      return turn((client) => snackTurn(one.type, client));
    case 'copy':
    case 'token':
      return copySteps(one).flatMap((step) => stepTurns(step, way(one.way), after, conversation));
    case 'logout':
      return turn((client) =>
        conversation.keys === 'several'
          ? logoutPdu(1, conversation.connection, client.numbers(true))
          : logoutPdu(0, 0, client.numbers(true)),
      );
    default:
      return one satisfies never;
  }
}

/** Asks for what the last command may have; or says what has come. */
function snackTurn(type: number, client: HostileClient): Message {
  const { tag, askedFor } = client.session;
  const { expStatSN } = client;
  if (type === SnackType.dataAck && askedFor !== null) return acknowledgementPdu(askedFor, expStatSN);
  if (type === SnackType.status) return snackPdu({ type, expStatSN });
  const targetTransferTag = type === SnackType.rData ? RESEGMENTED : NO_TAG;
  return snackPdu({ type, initiatorTaskTag: tag, targetTransferTag, expStatSN });
}

function stepTurns(step: CopyStep, way: WriteWay, after: Awaited, conversation: Setting): Turn[] {
  const at = step.atOther === true ? { ...conversation, lun: conversation.otherLun } : conversation;
  // What a step asks for is there when the one before it has ended.
  const awaited = step.waits === true ? ('answer' as const) : after;
  return 'list' in step
    ? writeTurns(step.list, way, 1, awaited, at)
    : exchangeTurns(step.read, at).map((turn) => ({ ...turn, after: awaited }));
}

function ofUnit({ lun, attributes }: Setting): {
  readonly lun: number;
  readonly attributes: number;
} {
  return { lun, attributes };
}

/** A command and its data: with it, behind it unasked, or when it is asked for, in so many pieces. */
function writeTurns(
  list: ListCommand,
  way: WriteWay,
  pieces: number,
  after: Awaited,
  conversation: Setting,
): Turn[] {
  const { name, cdb, data, fields } = list;
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
      const { session } = client;
      session.r2t = null;
      const immediateData = way === 'immediate' ? dataOf(list, session.dataIn) : new Uint8Array(0);
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
      make(client) {
        const { tag, r2t, dataIn } = client.session;
        // Nothing is asked for where the command has ended at once.
        if (way === 'solicited' && r2t === null) return null;
        const shape = {
          lun: conversation.lun,
          initiatorTaskTag: tag,
          targetTransferTag: r2t?.targetTransferTag ?? NO_TAG,
          dataSN,
          bufferOffset: dataSN * length,
          final: dataSN === count - 1,
          data: dataOf(list, dataIn).slice(dataSN * length, (dataSN + 1) * length),
          fields: dataSN === 0 ? fields : [],
        };
        return dataOutPdu(shape, client.expStatSN);
      },
    }),
  );
  return [command, ...parts];
}
