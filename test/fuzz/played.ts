/** What became of one conversation. */
export interface Played {
  /** PDUs or frames that were sent, the whole or a part. */
  readonly sent: number;
  /** What the mutation came to; null where it met nothing that it could change. */
  readonly changed: string | null;
  /** Answers, by kind. */
  readonly seen: readonly string[];
}
