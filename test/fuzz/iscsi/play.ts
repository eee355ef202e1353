import type { Place } from '../../support/relay.ts';
import { inOrder, mutate } from '../mutation.ts';
import type { Played } from '../played.ts';
import { HostileClient } from './client.ts';
import { type IscsiConversation, type Party, turnsOf } from './conversation.ts';

/** Holds a conversation with the target at `place`. `watch` sees every byte that comes back. */
export async function playIscsi(
  conversation: IscsiConversation,
  place: Place,
  party: Party,
  watch: (bytes: Uint8Array) => void,
): Promise<Played> {
  const { mutation } = conversation;
  const client = await HostileClient.connect(place, watch);
  const turns = inOrder(turnsOf(conversation, party), mutation);
  const at = 'turn' in mutation ? mutation.turn % Math.max(1, turns.length) : -1;
  let changed: string | null = null;
  let sent = 0;
  let cut = false;
  for (const [index, turn] of turns.entries()) {
    await client.ready(turn.after);
    const message = turn.make(client);
    if (message === null) continue;
    if (index === at) changed = `${message.name}: ${mutate(message, mutation) ?? mutation.kind}`;
    cut = index === at && mutation.kind === 'cut';
    client.send(message, index === at && mutation.kind === 'cut' ? mutation.thousandths : 1000);
    sent += 1;
    if (cut) break;
  }
  await client.end(cut);
  return { sent, changed, seen: client.seen };
}
