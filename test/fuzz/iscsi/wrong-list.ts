/** Parameter lists in which something is wrong before anything carries them. */
import { type Message, readField, writeField } from '../message.ts';
import { changeField, type Mutation } from '../mutation.ts';
import type { ListCommand } from './parameter-lists.ts';
import { cdbFields } from './pdus.ts';

/** The exchanges of a conversation, with the list of one of them as the mutation makes it, if it is one of lists. */
export function withList<Exchange extends object>(
  exchanges: readonly Exchange[],
  mutation: Mutation,
): readonly Exchange[] {
  if (mutation.kind !== 'list length' && mutation.kind !== 'list field') return exchanges;
  const having = exchanges.filter(hasList);
  const chosen = having[mutation.exchange % Math.max(1, having.length)];
  const changed = (list: ListCommand) =>
    mutation.kind === 'list length' ? resized(list, mutation.by) : withField(list, mutation);
  return exchanges.map((one) => (one === chosen && hasList(one) ? { ...one, list: changed(one.list) } : one));
}

function hasList<Exchange extends object>(
  exchange: Exchange,
): exchange is Exchange & { readonly list: ListCommand } {
  return 'list' in exchange;
}

/** Of what has no fields of its own the CDB says where it goes, and how much of it there is. */
function withField(
  list: ListCommand,
  { field, change }: Extract<Mutation, { readonly kind: 'list field' }>,
): ListCommand {
  const ofCdb = cdbFields(list.cdb, 0).filter(({ isLength }) => isLength);
  const fields = list.fields.length > 0 ? list.fields : ofCdb;
  const chosen = fields[field % Math.max(1, fields.length)];
  if (chosen === undefined) return list;
  const message = messageOf(list, list.data.slice());
  const name = `${list.name} with ${changeField(message, chosen, change)}`;
  return { ...list, name, cdb: message.header, data: message.data };
}

/** The CDB says how long the list is now, where it said so before. What stands in the list about that stays as it was. */
function resized(list: ListCommand, by: number): ListCommand {
  const data = new Uint8Array(Math.max(0, list.data.length + by));
  data.set(list.data.subarray(0, data.length));
  const message = messageOf(list, data);
  const { header: cdb } = message;
  for (const field of cdbFields(cdb, 0)) {
    if (field.isLength && readField(message, field) === list.data.length) {
      writeField(message, field, data.length);
    }
  }
  return { ...list, name: `${list.name} with a list longer by ${by}`, cdb, data };
}

function messageOf(list: ListCommand, data: Uint8Array): Message {
  return { ...list, header: list.cdb.slice(), data, tellLength: () => {} };
}
