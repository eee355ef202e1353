/** Parameter lists that end elsewhere than what stands in them says. */
import { readField, writeField } from '../message.ts';
import type { Mutation } from '../mutation.ts';
import type { ListCommand } from './parameter-lists.ts';
import { cdbFields } from './pdus.ts';

/** The exchanges of a conversation, with the list of one of them as the mutation makes it, if it is one of lists. */
export function withList<Exchange extends object>(
  exchanges: readonly Exchange[],
  mutation: Mutation,
): readonly Exchange[] {
  if (mutation.kind !== 'list') return exchanges;
  const having = exchanges.filter(hasList);
  const chosen = having[mutation.exchange % Math.max(1, having.length)];
  return exchanges.map((one) =>
    one === chosen && hasList(one) ? { ...one, list: resized(one.list, mutation.by) } : one,
  );
}

function hasList<Exchange extends object>(
  exchange: Exchange,
): exchange is Exchange & { readonly list: ListCommand } {
  return 'list' in exchange;
}

/** The CDB says how long the list is now, where it said so before. What stands in the list about that stays as it was. */
function resized(list: ListCommand, by: number): ListCommand {
  const data = new Uint8Array(Math.max(0, list.data.length + by));
  data.set(list.data.subarray(0, data.length));
  const cdb = list.cdb.slice();
  const message = { ...list, header: cdb, data, tellLength: () => {} };
  for (const field of cdbFields(cdb, 0)) {
    if (field.isLength && readField(message, field) === list.data.length) {
      writeField(message, field, data.length);
    }
  }
  return { ...list, name: `${list.name} with a list longer by ${by}`, cdb, data };
}
