/** Sense data as the core passes it: sense key, additional code and qualifier, and optional information. */
export interface Sense {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
  /** INFORMATION field (e.g. offset of a miscompare), or null. */
  readonly information: number | null;
}
