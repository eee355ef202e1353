/** The partner's nexuses on one link, as the owner knows them: NEXUS_OPEN to NEXUS_CLOSE, and pings on the way. */
import { LinkLimits } from '../../limits.ts';
import type { LogicalUnit, NexusLoss } from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import type { Order } from '../../scsi/order.ts';
import { Presence } from '../../scsi/presence.ts';
import { FrameType, HEADER_LENGTH } from '../../wire/interconnect/frame.ts';
import {
  CloseReason,
  decodeNexusClose,
  decodeNexusOpen,
  decodeNexusPing,
  encodeNexusPing,
} from '../../wire/interconnect/nexus.ts';
import type { FrameChannel } from '../link/frame-channel.ts';
import type { LinkTerms } from '../link/handshake.ts';

/** A nexus of the partner's, and the units that it has used. */
export interface ServedNexus {
  readonly nexus: Nexus;
  readonly units: Set<LogicalUnit>;
  /** Pings that its initiator has not answered, by number. */
  readonly pings: Map<number, () => void>;
}

const closeReasons: ReadonlyMap<number, NexusLoss> = new Map([
  [CloseReason.logout, 'logout'],
  [CloseReason.connectionLost, 'connectionLost'],
  [CloseReason.reinstated, 'reinstated'],
]);

export class ServedNexuses {
  readonly #frames: FrameChannel;
  readonly #terms: LinkTerms;
  readonly #order: Order;
  readonly #nexuses = new Map<number, ServedNexus>();
  #pings = 0;
  #closed = false;

  constructor(frames: FrameChannel, terms: LinkTerms, order: Order) {
    this.#frames = frames;
    this.#terms = terms;
    this.#order = order;
  }

  find(id: number): ServedNexus | undefined {
    return this.#nexuses.get(id);
  }

  open(parameters: Uint8Array): string | null {
    const open = decodeNexusOpen(parameters);
    if (open === null) return 'malformed';
    if (this.#nexuses.has(open.nexus)) return `nexus ${open.nexus} is open`;
    if (this.#nexuses.size >= LinkLimits.maxNexuses) return 'too many nexuses';
    const port = {
      name: open.portName,
      system: this.#terms.partner,
      targetName: open.targetName,
      portalGroupTag: open.portalGroupTag,
      relativeId: open.relativeId,
      groupId: open.groupId,
      serves: 'proxy' as const,
    };
    const { initiatorName, isid } = open;
    const pings = new Map<number, () => void>();
    const presence = this.#presence(open.nexus, pings);
    const nexus = { id: this.#order.next(), initiatorName, isid, port, presence };
    this.#nexuses.set(open.nexus, { nexus, units: new Set(), pings });
    return null;
  }

  close(parameters: Uint8Array): string | null {
    const { nexus, why } = decodeNexusClose(parameters);
    const reason = closeReasons.get(why);
    if (reason === undefined) return `reason ${why}`;
    if (!this.#nexuses.has(nexus)) return `no nexus ${nexus}`;
    this.#gone(nexus, reason);
    return null;
  }

  /** NEXUS_HELD: the answer to a ping. */
  held(parameters: Uint8Array): string | null {
    const { nexus, number } = decodeNexusPing(parameters);
    const pings = this.#nexuses.get(nexus)?.pings;
    const answered = pings?.get(number);
    if (answered === undefined) return `no ping ${number} of nexus ${nexus}`;
    pings?.delete(number);
    answered();
    return null;
  }

  /** The link has ended. */
  lost(): void {
    this.#closed = true;
    for (const id of [...this.#nexuses.keys()]) this.#gone(id, 'linkLost');
  }

  /** That NEXUS_OPEN has come proves nothing: it may have been long on its way. Version 1 has no way to ask. */
  #presence(nexus: number, pings: Map<number, () => void>): Presence {
    const provenAt = this.#terms.version === 1 ? Number.POSITIVE_INFINITY : 0;
    return new Presence(this.#order, provenAt, (answered) => {
      if (this.#closed) return;
      this.#pings = (this.#pings + 1) >>> 0;
      pings.set(this.#pings, answered);
      const ping = { nexus, number: this.#pings };
      const length = encodeNexusPing(ping, this.#frames.scratch, HEADER_LENGTH);
      this.#frames.sendUrgent(FrameType.nexusPing, 0, length);
    });
  }

  #gone(id: number, why: NexusLoss): void {
    const served = this.#nexuses.get(id);
    this.#nexuses.delete(id);
    if (served === undefined) return;
    for (const unit of served.units) unit.nexusLost(served.nexus, why);
  }
}
