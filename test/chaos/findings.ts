/**
 * What can be wrong.
 * lost: at the end, a block holds something older than what was acknowledged.
 * stale: a read gives an acknowledged version older than one that was acknowledged, or read, before it began.
 * ghost: a read gives a write that was never acknowledged and given up, although a newer one was acknowledged or read before.
 * torn: a block is of two writes. foreign: bytes that nobody wrote there.
 * refused: an answer that no fault explains. hung: an operation that does not end although all is healed.
 * unhealed: a path, link, session or exchange that is not as it should be although all is healed.
 */
export const findingKinds = [
  'lost',
  'stale',
  'ghost',
  'torn',
  'foreign',
  'refused',
  'hung',
  'unhealed',
] as const;
export type FindingKind = (typeof findingKinds)[number];

export interface Finding {
  readonly kind: FindingKind;
  /** Seconds since the start. */
  readonly at: number;
  readonly text: string;
  /** The fault that was under way, or the last one. */
  readonly fault: string;
}

export class Findings {
  readonly all: Finding[] = [];
  fault = 'none yet';
  readonly #seen = new Set<string>();
  readonly #started = performance.now();
  readonly #tell: (finding: Finding) => void;

  constructor(tell: (finding: Finding) => void = () => {}) {
    this.#tell = tell;
  }

  /** Seconds since the start. */
  get now(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** `what`: names what is wrong, which is told once however often it is seen. */
  add(kind: FindingKind, what: string, details = ''): void {
    const key = `${kind} ${what}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const finding = { kind, at: this.now, text: `${what}${details}`, fault: this.fault };
    this.all.push(finding);
    this.#tell(finding);
  }

  count(kind: FindingKind): number {
    return this.all.filter((finding) => finding.kind === kind).length;
  }
}
