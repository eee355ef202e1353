import type { Random } from '../env/random.ts';
import type { Access, ChapSecret, ChapSecrets } from '../iscsi/login/access.ts';
import type { TargetPort } from '../scsi/target-port.ts';
import type { InitiatorGroupConfig } from './config/cluster-config.ts';
import { EVERYONE_ELSE } from './config/file-schema.ts';

/** The secrets that are valid now, by group. */
export type GroupSecrets = ReadonlyMap<string, { current(): ChapSecrets }>;

/** Initiator groups: which one an initiator is in, and so what it has to prove and where it may go. */
export class GroupAccess implements Access {
  readonly #secrets: GroupSecrets;
  readonly #byInitiator = new Map<string, InitiatorGroupConfig>();
  readonly #everyoneElse: InitiatorGroupConfig | null;
  /** Without a group, nobody is kept out. */
  readonly #open: boolean;
  /** For initiators that are in no group: nobody knows it. */
  readonly #decoy: ChapSecret;

  constructor(groups: readonly InitiatorGroupConfig[], secrets: GroupSecrets, random: Random) {
    this.#secrets = secrets;
    for (const group of groups) for (const name of group.initiators) this.#byInitiator.set(name, group);
    this.#everyoneElse = this.#byInitiator.get(EVERYONE_ELSE) ?? null;
    this.#open = groups.length === 0;
    this.#decoy = { name: '', secret: random.bytes(32) };
  }

  /** Null: it is in none. */
  groupOf(initiatorName: string): InitiatorGroupConfig | null {
    return this.#byInitiator.get(initiatorName) ?? this.#everyoneElse;
  }

  /**
   * Where others have to prove themselves, who is in no group is asked to as well, with as much work: so that a stranger
   * can't find out whose names are known.
   */
  chapOf(initiatorName: string): ChapSecrets | null {
    const group = this.groupOf(initiatorName);
    if (group !== null) return this.#secrets.get(group.name)?.current() ?? null;
    const [anyGroup] = this.#secrets.values();
    if (anyGroup === undefined) return null;
    return { initiators: anyGroup.current().initiators.map(() => this.#decoy), target: null };
  }

  permits(initiatorName: string, port: Pick<TargetPort, 'name'> | null): boolean {
    const group = this.groupOf(initiatorName);
    if (group === null) return this.#open;
    return port === null || group.ports === null || group.ports.includes(port.name);
  }
}
