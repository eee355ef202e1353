import { ScsiLimits } from '../../limits.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { type Nexus, nexusKey } from '../nexus.ts';

/** The unit attention conditions of one logical unit, in a queue for each nexus (SAM-5 5.14). */
export class UnitAttentions {
  readonly #queues = new Map<Nexus, Sense[]>();
  /** Keys of nexuses that were lost and have not come back, the oldest first. */
  readonly #lost = new Set<string>();

  /** The next one of the nexus, or null; it is cleared by being reported. */
  take(nexus: Nexus): Sense | null {
    const queue = this.#queues.get(nexus) ?? this.#begin(nexus);
    return queue.length === 0 ? null : (queue.shift() ?? null);
  }

  /** The same, and it stays. */
  peek(nexus: Nexus): Sense | null {
    return (this.#queues.get(nexus) ?? this.#begin(nexus))[0] ?? null;
  }

  /** The nexuses that have used the unit, and are not lost. */
  nexuses(): IterableIterator<Nexus> {
    return this.#queues.keys();
  }

  /** For every known nexus, or for all but one. One that waits already is not queued twice. */
  establish(attention: Sense, except: Nexus | null): void {
    this.establishWhere(attention, (nexus) => nexus !== except);
  }

  /** For the known nexuses for which `chosen` holds. */
  establishWhere(attention: Sense, chosen: (nexus: Nexus) => boolean): void {
    for (const [nexus, queue] of this.#queues) if (chosen(nexus)) add(queue, attention);
  }

  establishFor(nexus: Nexus, attention: Sense): void {
    add(this.#queues.get(nexus) ?? this.#begin(nexus), attention);
  }

  /** SAM-5 6.3.4: the nexus was lost. When the same ports meet again, they are told. */
  lose(nexus: Nexus): void {
    if (!this.#queues.delete(nexus)) return;
    this.#lost.add(nexusKey(nexus));
    if (this.#lost.size <= ScsiLimits.lostNexusesPerUnit) return;
    for (const oldest of this.#lost) {
      this.#lost.delete(oldest);
      return;
    }
  }

  #begin(nexus: Nexus): Sense[] {
    const cameBack = this.#lost.delete(nexusKey(nexus));
    const queue = [cameBack ? sense.nexusLossOccurred() : sense.powerOnOrReset()];
    this.#queues.set(nexus, queue);
    return queue;
  }
}

function add(queue: Sense[], attention: Sense): void {
  if (queue.length >= ScsiLimits.unitAttentionsPerNexus) return;
  if (queue.some((other) => other.asc === attention.asc && other.ascq === attention.ascq)) return;
  queue.push(attention);
}
