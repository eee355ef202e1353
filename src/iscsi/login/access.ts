/** Who may log in, and what they have to prove for it: the initiator groups, as the front end sees them. */
import type { TargetPort } from '../../scsi/target-port.ts';

export interface ChapSecret {
  readonly name: string;
  readonly secret: Uint8Array;
}

export interface ChapSecrets {
  /** What an initiator has to know: one of these. */
  readonly initiators: readonly ChapSecret[];
  /** By what the target proves itself where it is asked to; null: it can't. */
  readonly target: ChapSecret | null;
}

export interface Access {
  /** By what this initiator has to prove itself; null: it need not. */
  chapOf(initiatorName: string): ChapSecrets | null;
  /** Whether it may log in there (null: for discovery), once it has proved itself. */
  permits(initiatorName: string, port: TargetPort | null): boolean;
}
