import type { Nexus } from '../../../src/scsi/nexus.ts';
import { blockCdb, pattern, testNexus, testPort } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';
import type { TwoSystems } from './two-systems.ts';

const READ16 = 0x88;
const WRITE16 = 0x8a;
const BLOCKS = 8;
const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });

/** Beta's clients, which use alpha's unit. */
export class Clients {
  readonly #systems: TwoSystems;

  constructor(systems: TwoSystems) {
    this.#systems = systems;
  }

  /** Commands forwarded by each link that is up, 0 for one that is not. */
  get forwarded(): number[] {
    const slots = this.#systems.beta.interconnect.partners[0]?.slots ?? [];
    return slots.map(({ link }) => link?.originator.commandsForwarded ?? 0);
  }

  /** A client's nexus that has had its unit attention. */
  async join(name: string): Promise<Nexus> {
    const nexus = testNexus(`iqn.2026-11.test:${name}`, port);
    await this.ready(nexus).run(this.#systems.proxied);
    return nexus;
  }

  /** The place of the link by which a command of the nexus goes. */
  async linkOf(nexus: Nexus): Promise<number> {
    const before = this.forwarded;
    await this.ready(nexus).run(this.#systems.proxied);
    return this.forwarded.findIndex((count, place) => count > (before[place] ?? 0));
  }

  ready(nexus: Nexus): TestCommand {
    return new TestCommand({ nexus, cdb: new Uint8Array(6) });
  }

  /** 4 KiB, at a place of its own for each number. */
  write(nexus: Nexus, number: number, seed: number): TestCommand {
    return new TestCommand({
      nexus,
      cdb: blockCdb(WRITE16, number * BLOCKS, BLOCKS),
      dataOut: pattern(4096, seed),
    });
  }

  read(nexus: Nexus, number: number): TestCommand {
    return new TestCommand({ nexus, cdb: blockCdb(READ16, number * BLOCKS, BLOCKS), dataIn: 4096 });
  }
}
