/** What an application asks a client for. */
import type { WriteKind, WriteRecord } from '../checkers/history.ts';

export type OperationKind = 'read' | 'write' | 'flush' | 'unmap' | 'writeSame' | 'compareAndWrite';

export interface Operation {
  readonly kind: OperationKind;
  readonly unit: number;
  readonly lba: number;
  readonly blocks: number;
  readonly fua: boolean;
  /** What it writes; null where it writes nothing. */
  readonly writes: WriteKind | null;
  /** COMPARE AND WRITE: the version that the block should hold. */
  readonly expected: number | null;
  readonly asked: number;
  /** Attempts of a write whose end is not known. */
  readonly open: WriteRecord[];
  readonly done: (error: string | null) => void;
}
