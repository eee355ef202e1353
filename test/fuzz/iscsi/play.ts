import type { Place } from '../../support/relay.ts';
import { inOrder, mutate, placeOf } from '../mutation.ts';
import type { Played } from '../played.ts';
import { type Awaited, HostileClient } from './client.ts';
import { type IscsiConversation, type Turn, turnsOf } from './conversation.ts';
import type { Party } from './login.ts';
import { HostileSession } from './session.ts';

const COMMAND = 'SCSI Command';
/** What happens to a unit beside is told in place of a command's result, maybe several times. */
const ATTENTIONS = 4;

/** Holds a conversation with the target at `place`. `watch` sees every byte that comes back, `wrong` hears what must not be. */
export async function playIscsi(
  conversation: IscsiConversation,
  place: Place,
  party: Party,
  watch: () => (bytes: Uint8Array) => void,
  wrong: (what: string) => void,
  patienceMilliseconds?: number,
): Promise<Played> {
  const { mutation, inTurn } = conversation;
  const session = new HostileSession(patienceMilliseconds);
  const clients: HostileClient[] = [];
  const turns = inOrder(turnsOf(conversation, party), mutation);
  const at = placeOf(turns, mutation);
  const cuts = mutation.kind === 'cut';
  let changed: string | null = null;
  let sent = 0;
  /** Sends the last command once more. */
  let again: (() => void) | null = null;
  let last: HostileClient | null = null;
  const put = (client: HostileClient, make: Turn['make'], here: boolean) => {
    const message = make(client);
    if (message === null) return;
    if (message.name.startsWith(COMMAND)) again = () => put(client, make, here);
    // A byte that is wrong by itself is for the digest to find, where there is one.
    const sums = here && mutation.kind === 'byte' ? client.sums(message) : null;
    if (here) changed = `${message.name}: ${mutate(message, mutation) ?? mutation.kind}`;
    client.send(message, here && cuts ? mutation.thousandths : 1000, sums);
    if (here && mutation.kind === 'echo') client.send(message);
    sent += 1;
  };
  const ready = async (client: HostileClient, after: Awaited) => {
    await client.ready(after);
    for (let told = 0; after !== 'nothing' && session.toldAttention && told < ATTENTIONS; told += 1) {
      again?.();
      await client.ready(after);
    }
  };
  for (const [index, { connection = 0, after, make }] of turns.entries()) {
    clients[connection] ??= await HostileClient.connect(place, session, watch());
    await ready(clients[connection], after);
    last = clients[connection];
    put(last, make, index === at);
    if (cuts && changed !== null) break;
  }
  const cut = cuts && changed !== null;
  if (inTurn && !cut && last !== null) await ready(last, 'answer');
  for (const client of Object.values(clients)) {
    const overlooked = await client.end(cut);
    if (overlooked !== null) wrong(`overlooked: ${overlooked}`);
  }
  const { overlooked } = session.judge;
  if (overlooked !== null) wrong(`overlooked: ${overlooked}`);
  return { sent, changed, seen: session.seen };
}
