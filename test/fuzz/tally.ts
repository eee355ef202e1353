/** What has been sent so far, and what came of it. */
import type { Conversation } from './batch.ts';
import type { Played } from './played.ts';

export class Tally {
  conversations = 0;
  /** Messages sent, by protocol. */
  readonly sent: Record<string, number> = {};
  /** Conversations by what was changed in them. */
  readonly mutations: Record<string, number> = {};
  /** Answers by kind. */
  readonly seen: Record<string, number> = {};

  get messages(): number {
    return Object.values(this.sent).reduce((sum, count) => sum + count, 0);
  }

  add({ protocol, mutation }: Conversation, { sent, seen }: Played): void {
    this.conversations += 1;
    count(this.sent, protocol, sent);
    count(this.mutations, mutation.kind, 1);
    for (const what of seen) count(this.seen, what, 1);
  }
}

function count(counts: Record<string, number>, what: string, by: number): void {
  counts[what] = (counts[what] ?? 0) + by;
}
