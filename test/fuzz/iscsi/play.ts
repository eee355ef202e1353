import type { Place } from '../../support/relay.ts';
import { inOrder, mutate } from '../mutation.ts';
import type { Played } from '../played.ts';
import { HostileClient } from './client.ts';
import { type IscsiConversation, turnsOf } from './conversation.ts';
import type { Party } from './login.ts';
import { HostileSession } from './session.ts';

/** Holds a conversation with the target at `place`. `watch` sees every byte that comes back, `wrong` hears what must not be. */
export async function playIscsi(
  conversation: IscsiConversation,
  place: Place,
  party: Party,
  watch: () => (bytes: Uint8Array) => void,
  wrong: (what: string) => void,
  patienceMilliseconds?: number,
): Promise<Played> {
  const { mutation } = conversation;
  const session = new HostileSession(patienceMilliseconds);
  const clients: HostileClient[] = [];
  const turns = inOrder(turnsOf(conversation, party), mutation);
  const at = 'turn' in mutation ? mutation.turn % Math.max(1, turns.length) : -1;
  let changed: string | null = null;
  let sent = 0;
  let cut = false;
  for (const [index, { connection = 0, after, make }] of turns.entries()) {
    clients[connection] ??= await HostileClient.connect(place, session, watch());
    const client = clients[connection];
    await client.ready(after);
    const message = make(client);
    if (message === null) continue;
    // A byte that is wrong by itself is for the digest to find, where there is one.
    const sums = index === at && mutation.kind === 'byte' ? client.sums(message) : null;
    if (index === at) changed = `${message.name}: ${mutate(message, mutation) ?? mutation.kind}`;
    cut = index === at && mutation.kind === 'cut';
    client.send(message, index === at && mutation.kind === 'cut' ? mutation.thousandths : 1000, sums);
    if (index === at && mutation.kind === 'echo') client.send(message);
    sent += 1;
    if (cut) break;
  }
  for (const client of Object.values(clients)) {
    const overlooked = await client.end(cut);
    if (overlooked !== null) wrong(`overlooked: ${overlooked}`);
  }
  const { overlooked } = session.judge;
  if (overlooked !== null) wrong(`overlooked: ${overlooked}`);
  return { sent, changed, seen: session.seen };
}
