/** Many conversations at a time with one cluster, and what must be true when they are over. */
import fc from 'fast-check';
import {
  type FrameConversation,
  frameConversation,
  type OwnerConversation,
  ownerConversation,
} from './frames/conversation.ts';
import { playFrames, playOwner } from './frames/play.ts';
import { type IscsiConversation, iscsiConversation } from './iscsi/conversation.ts';
import { playIscsi } from './iscsi/play.ts';
import type { Played } from './played.ts';
import { SecretWatch } from './secret.ts';
import type { Tally } from './tally.ts';
import { HOSTILE, luns, PROVEN, portNames, shownLuns } from './victim-file.ts';
import type { Victims } from './victims.ts';

export type Conversation = IscsiConversation | FrameConversation | OwnerConversation;

/** Conversations of each part of a batch, at the most. */
const MOST = 150;
/** Sessions at a time. Gamma has one link to each address at a time: a second one would end the first. */
const SESSIONS = 64;

const part = fc.noBias(
  fc.array(
    fc.oneof(
      { arbitrary: iscsiConversation, weight: 4 },
      { arbitrary: frameConversation, weight: 2 },
      { arbitrary: ownerConversation, weight: 1 },
    ),
    { maxLength: MOST, size: 'max' },
  ),
);
/** Of several parts few are small: what is waited for at the end of a batch, and looked at, is so for many conversations. */
export const batch: fc.Arbitrary<Conversation[]> = fc.tuple(part, part, part).map((parts) => parts.flat());

/** Throws where the cluster is not as it was before. */
export async function runBatch(
  conversations: readonly Conversation[],
  victims: Victims,
  tally: Tally,
): Promise<void> {
  const all = [...conversations.entries()];
  const sessions = all.filter(([, { protocol }]) => protocol === 'iscsi');
  const lanes = new Map<string, typeof all>();
  for (const one of all) {
    if (one[1].protocol === 'iscsi') continue;
    const lane = `${one[1].system} ${one[1].transport}`;
    lanes.set(lane, [...(lanes.get(lane) ?? []), one]);
  }
  const hold = async (waiting: [number, Conversation][]) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [place, conversation] = next;
      tally.add(conversation, await play(conversation, place, victims));
    }
  };
  await Promise.all([
    ...[...lanes.values()].map(hold),
    ...Array.from({ length: SESSIONS }, () => hold(sessions)),
  ]);
  await victims.check();
}

function play(conversation: Conversation, place: number, victims: Victims): Promise<Played> {
  const wrong = (what: string) => victims.wrong(`${what} in ${JSON.stringify(conversation)}`);
  // A stream of its own for each connection.
  const watch = () => new SecretWatch(() => wrong('a secret came back')).see;
  const hold = (client: IscsiConversation, shown?: readonly number[]) =>
    playSession(client, place, victims, watch, wrong, shown);
  if (conversation.protocol === 'iscsi') return hold(conversation);
  const { system, transport } = conversation;
  const address = victims.link(system, transport);
  if (conversation.protocol === 'frames') return playFrames(conversation, address, watch(), wrong);
  const port = portNames.indexOf(`${system}-all`);
  const client = { ...conversation.client, port };
  return playOwner(conversation, address, () => hold(client, [luns['vol-g']]), watch(), wrong);
}

function playSession(
  conversation: IscsiConversation,
  place: number,
  victims: Victims,
  watch: () => (bytes: Uint8Array) => void,
  wrong: (what: string) => void,
  shown?: readonly number[],
): Promise<Played> {
  const { name, portal, targetName } = victims.port(conversation.port);
  // A session of its own for each: one with the ISID of another would end that.
  const isid = `00023d${(place + 1).toString(16).padStart(6, '0')}`;
  const initiatorName = conversation.login.endsWith('chap') ? PROVEN : HOSTILE;
  const party = { luns: shown ?? shownLuns(name), initiatorName, targetName, isid };
  return playIscsi(conversation, portal, party, watch, wrong);
}
