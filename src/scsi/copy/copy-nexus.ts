/** What the copy manager keeps of one nexus: its own stand-in for it, and the copies of each unit. */
import type { LogicalUnit, NexusLoss } from '../logical-unit.ts';
import type { Nexus } from '../nexus.ts';
import { CopyLists } from './copy-lists.ts';

export class CopyNexus {
  /**
   * The nexus by which units are read and written for it: the same ports, so that the same reservations hold, and the same presence;
   * with tags and unit attentions of its own, so that a copy takes neither the initiator's tags nor what it has to be told.
   */
  readonly standIn: Nexus;
  readonly #units = new Set<LogicalUnit>();
  readonly #lists = new Map<LogicalUnit, CopyLists>();
  #lastTag = 0;

  constructor(nexus: Nexus) {
    this.standIn = { ...nexus };
  }

  nextTag(): number {
    this.#lastTag = (this.#lastTag + 1) >>> 0;
    return this.#lastTag;
  }

  /** The stand-in is about to use the unit. */
  uses(unit: LogicalUnit): void {
    this.#units.add(unit);
  }

  /** The stand-in is lost to every unit that it has used: what it runs there ends. */
  lose(why: NexusLoss): void {
    for (const unit of this.#units) unit.nexusLost(this.standIn, why);
  }

  /** The copies of a unit: a list identifier is its copy manager's (SPC-4 5.17.2). */
  listsOf(unit: LogicalUnit): CopyLists {
    const lists = this.#lists.get(unit) ?? new CopyLists();
    this.#lists.set(unit, lists);
    return lists;
  }
}
