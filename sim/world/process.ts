import type { SimEvent } from './event-queue.ts';

/** A process of the simulated cluster: a storage system between start and death, or a client. */
export class SimProcess {
  readonly id: number;
  readonly name: string;
  alive = true;
  /** SIGSTOP: its events wait here. */
  paused = false;
  readonly waiting: SimEvent[] = [];
  /** Called in order when it dies: the kernel closes what it had open. */
  readonly atDeath: (() => void)[] = [];

  constructor(id: number, name: string) {
    this.id = id;
    this.name = name;
  }
}
