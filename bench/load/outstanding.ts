/** The commands of one session: which wait, which run, and how many may. */
import type { Target } from './load-plan.ts';

interface Command {
  readonly target: Target;
  /** When it was to be sent, first: in ms. */
  readonly since: number;
}

export class Outstanding {
  /** For the target's window, or for its room. */
  readonly #waiting: Command[] = [];
  /** By task tag. */
  readonly #running = new Map<number, Command>();
  /** As many may run: fewer, once the target had no room for more. */
  #room = Number.POSITIVE_INFINITY;
  /** Times that the target had no room. */
  refused = 0;

  add(target: Target, since: number): void {
    this.#waiting.push({ target, since });
  }

  /** Where the next command goes, which runs under this tag from now on; null: none waits, or there is no room for it. */
  begin(tag: number): Target | null {
    const first = this.#running.size < this.#room ? this.#waiting.shift() : undefined;
    if (first === undefined) return null;
    this.#running.set(tag, first);
    return first.target;
  }

  /** Gives since when the command has been there. */
  end(tag: number): number {
    return this.#take(tag).since;
  }

  /** Its turn comes again, before all others. As Linux does it: no more run from now on than those for which there was room. */
  refuse(tag: number): void {
    this.refused += 1;
    this.#waiting.unshift(this.#take(tag));
    this.#room = Math.max(1, this.#running.size);
  }

  #take(tag: number): Command {
    const command = this.#running.get(tag);
    if (command === undefined) throw new Error(`an answer to tag ${tag}, under which nothing runs`);
    this.#running.delete(tag);
    return command;
  }
}
