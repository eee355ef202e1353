import type { LinkAddress } from '../../../src/cluster/link/link-address.ts';
import { FrameType } from '../../../src/wire/interconnect/frame.ts';
import { inOrder, type Mutation, placeOf } from '../mutation.ts';
import type { Played } from '../played.ts';
import {
  type FrameConversation,
  type OwnerConversation,
  openingTurns,
  type Turn,
  turnsOf,
} from './conversation.ts';
import type { Frame } from './frame.ts';
import { Link } from './link.ts';

const none: Mutation = { kind: 'none' };
/** What happens to a unit beside is told in place of a command's result, maybe several times. */
const ATTENTIONS = 4;
/** Of what an owner sends, one of the first so many is changed, or of what it opens with. */
const ANSWERS = 8;

/** Brings commands to the system at `address`. `watch` sees every byte that comes back, `wrong` hears what must not be. */
export async function playFrames(
  conversation: FrameConversation,
  address: LinkAddress,
  watch: (bytes: Uint8Array) => void,
  wrong: (what: string) => void,
): Promise<Played> {
  const { mutation, system, transport } = conversation;
  const link = await Link.dial(address, system, watch);
  // Over Fibre Channel the order that changes is that of the FC frames within one of these: the peer sees to it.
  const turns = transport === 'fcip' ? turnsOf(conversation) : inOrder(turnsOf(conversation), mutation);
  const at = placeOf(turns, mutation);
  const { sent, changed } = await take(link, turns, at, mutation);
  const overlooked = await link.end();
  if (overlooked !== null) wrong(`overlooked: ${overlooked}`);
  return { sent, changed, seen: link.seen };
}

/** Serves the commands that a client brings by the system at `address`, until that client is done. */
export async function playOwner(
  { mutation, system, transport }: OwnerConversation,
  address: LinkAddress,
  client: () => Promise<Played>,
  watch: (bytes: Uint8Array) => void,
  wrong: (what: string) => void,
): Promise<Played> {
  const link = await Link.dial(address, system, watch);
  const opening = openingTurns(system);
  const at = 'turn' in mutation ? mutation.turn % (opening.length + ANSWERS) : -1;
  const opened = await take(link, opening, at, mutation);
  await link.ready('inventory');
  const answers = new Answers(link, mutation, at - opening.length, transport === 'tcp');
  link.owes = (frame) => answers.put(frame);
  const played = await client();
  await answers.sent;
  const overlooked = await link.end();
  if (overlooked !== null) wrong(`overlooked: ${overlooked}`);
  const sent = opened.sent + answers.count + played.sent;
  return {
    sent,
    changed: opened.changed ?? answers.changed,
    seen: [...link.seen, ...played.seen.map((what) => `client: ${what}`)],
  };
}

async function take(
  link: Link,
  turns: readonly Turn[],
  at: number,
  mutation: Mutation,
): Promise<{ readonly sent: number; readonly changed: string | null }> {
  let sent = 0;
  let changed: string | null = null;
  /** The turn of the last command. */
  let command = 0;
  const put = async (index: number) => {
    const frame = link.closed ? null : (turns[index]?.make(link) ?? null);
    if (frame === null) return;
    if (frame.type === FrameType.command) command = index;
    const what = await link.send(frame, index === at ? mutation : none);
    if (index === at) changed = `${frame.name}: ${what ?? mutation.kind}`;
    sent += 1;
  };
  for (const [index, { after }] of turns.entries()) {
    await link.ready(after);
    for (let told = 0; after !== 'nothing' && link.toldAttention && told < ATTENTIONS; told += 1) {
      await put(command);
      await link.ready(after);
    }
    await put(index);
  }
  return { sent, changed };
}

/** What an owner sends, one after the other: the mutation is of one of them, or of its place among them. */
class Answers {
  count = 0;
  changed: string | null = null;
  /** All that was put in has gone. */
  sent: Promise<void> = Promise.resolve();
  readonly #link: Link;
  readonly #mutation: Mutation;
  readonly #at: number;
  readonly #ordered: boolean;
  #later: Frame | null = null;

  /** `at`: of the frame that is changed, of none where it is negative. `ordered`: whether the order of whole frames may change; over Fibre Channel it is that of the FC frames, by the peer. */
  constructor(link: Link, mutation: Mutation, at: number, ordered: boolean) {
    this.#link = link;
    this.#ordered = ordered;
    this.#mutation = mutation;
    this.#at = at;
  }

  put(frame: Frame): void {
    const here = this.count === this.#at;
    this.count += 1;
    const { kind } = this.#mutation;
    if (here) this.changed = `${frame.name}: ${kind}`;
    const order = here && this.#ordered ? kind : 'none';
    if (order === 'drop') return;
    if (order === 'swap') {
      this.#later = frame;
      return;
    }
    this.#send(frame, here ? this.#mutation : none);
    if (order === 'repeat') this.#send(frame, none);
    if (this.#later !== null) this.#send(this.#later, none);
    this.#later = null;
  }

  #send(frame: Frame, mutation: Mutation): void {
    this.sent = this.sent.then(async () => {
      const what = await this.#link.send(frame, mutation);
      if (what !== null) this.changed = `${frame.name}: ${what}`;
    });
  }
}
