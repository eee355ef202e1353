/** One link that gamma has dialed: what it knows of it, and what it answers by itself. */
import type { LinkAddress } from '../../../src/cluster/link/link-address.ts';
import { decodeCommand } from '../../../src/wire/interconnect/command.ts';
import { FrameType, u32 } from '../../../src/wire/interconnect/frame.ts';
import { decodeInventory, type InventoryUnit } from '../../../src/wire/interconnect/inventory.ts';
import { decodeResult } from '../../../src/wire/interconnect/result.ts';
import { sense } from '../../../src/wire/scsi/sense.ts';
import type { Mutation } from '../mutation.ts';
import { identityOf } from '../victim-file.ts';
import { SURE_MILLISECONDS, Waiting } from '../waiting.ts';
import type { Awaited } from './conversation.ts';
import { FcPeer } from './fc-peer.ts';
import {
  dataIn,
  type Frame,
  nexusHeld,
  probe,
  probeReply,
  response,
  taskManagementResponse,
  transferReady,
} from './frame.ts';
import type { Heard, Peer } from './peer.ts';
import { TcpPeer } from './tcp-peer.ts';

const FIRST_EXCHANGE = 0x1_0000;
const FIRST_PROBE = 0x7fff_0000;
const UNIT_ATTENTION = 6;
const none: Mutation = { kind: 'none' };

const identity = identityOf('vol-g');
export const ownUnits: readonly InventoryUnit[] = [
  {
    id: 1,
    blockLength: identity.blockLength,
    blockCount: identity.blockCount,
    accessState: 0,
    name: 'vol-g',
    serial: identity.serial,
  },
];

export class Link {
  /** Of the last command or function, and of the last nexus. */
  exchange = FIRST_EXCHANGE;
  nexus = 0;
  /** The other system's unit that may be attacked. */
  unit = 0;
  /** What TRANSFER_READY asked for in the last exchange. */
  asked: { readonly offset: number; readonly length: number } | null = null;
  /** The last command was told a unit attention in place of its result. */
  toldAttention = false;
  /** Of the last frame that brought data. */
  dataIn: Uint8Array = new Uint8Array(0);
  readonly seen: string[] = [];
  /** Given every frame that gamma owes as owner. */
  owes: (frame: Frame) => void = () => {};
  #peer: Peer | null = null;
  #welcomed = false;
  #listed = false;
  #ended = true;
  /** Of the last probe, and whether it has been answered. */
  #probeNumber = FIRST_PROBE;
  #probed = false;
  #closed = false;
  /** Write data that is still to come, by exchange. */
  readonly #due = new Map<number, number>();
  readonly #waiting = new Waiting();

  static async dial(
    address: LinkAddress,
    partner: string,
    watch: (bytes: Uint8Array) => void,
  ): Promise<Link> {
    const link = new Link();
    const heard: Heard = (...frame) => link.#heard(...frame);
    const peer = await (address.transport === 'fcip'
      ? FcPeer.connect(address, partner, watch, heard)
      : TcpPeer.connect(address, watch, heard));
    link.#peer = peer;
    void peer.closed.then(() => {
      link.#closed = true;
      link.#waiting.changed();
    });
    return link;
  }

  get closed(): boolean {
    return this.#closed;
  }

  newExchange(): number {
    this.exchange += 1;
    this.asked = null;
    this.toldAttention = false;
    this.#ended = false;
    return this.exchange;
  }

  newNexus(): number {
    this.nexus += 1;
    return this.nexus;
  }

  async ready(awaited: Awaited): Promise<void> {
    if (awaited === 'nothing') return;
    const holds = () => this.#closed || this.#has(awaited);
    // Who waits for the rest of a frame answers nothing; and before WELCOME nobody answers a probe.
    if (this.#peer?.isInStep !== true) return this.#waiting.until(holds);
    if (!this.#welcomed) return this.#waiting.until(holds, SURE_MILLISECONDS);
    await this.#waiting.untilOrBehind(
      holds,
      () => this.#probe(),
      () => this.#probed,
    );
  }

  #has(awaited: Exclude<Awaited, 'nothing'>): boolean {
    switch (awaited) {
      case 'welcome':
        return this.#welcomed;
      case 'inventory':
        return this.#listed;
      case 'ready':
        return this.asked !== null || this.#ended;
      case 'answer':
        return this.#ended;
      default:
        return awaited satisfies never;
    }
  }

  #probe(): void {
    this.#probed = false;
    this.#probeNumber += 1;
    void this.send(probe(this.#probeNumber), none);
  }

  async send(frame: Frame, mutation: Mutation): Promise<string | null> {
    return this.#closed || this.#peer === null ? null : this.#peer.send(frame, mutation);
  }

  /** Gives what was overlooked: what is answered behind a frame that ends a link shows that nobody looked at it. */
  async end(): Promise<string | null> {
    await this.ready('answer');
    const broken = this.#peer?.broken ?? null;
    if (broken !== null) {
      this.#probe();
      // Who looks ends the link.
      await this.#waiting.until(() => this.#probed || this.#closed, SURE_MILLISECONDS);
    }
    this.seen.push(this.#closed ? 'link ended by the other' : 'link held');
    this.#peer?.destroy();
    await this.#peer?.closed;
    return broken !== null && this.#probed ? broken : (this.#peer?.overlooked ?? null);
  }

  #heard(type: number, exchange: number, parameters: Uint8Array, payload: Uint8Array): void {
    switch (type) {
      case FrameType.welcome:
        if (this.#peer !== null) this.#peer.generation = u32(parameters, 16);
        this.#welcomed = true;
        break;
      case FrameType.inventory:
        this.unit =
          decodeInventory(parameters, payload)?.find(({ name }) => name.startsWith('victim'))?.id ?? 0;
        this.#listed = true;
        break;
      case FrameType.probe:
        void this.send(probeReply(u32(parameters, 0)), none);
        break;
      case FrameType.probeReply:
        if (u32(parameters, 0) === this.#probeNumber) this.#probed = true;
        break;
      case FrameType.nexusPing:
        void this.send(nexusHeld(u32(parameters, 0), u32(parameters, 4)), none);
        break;
      case FrameType.transferReady:
        this.asked = { offset: u32(parameters, 0), length: u32(parameters, 4) };
        break;
      case FrameType.response:
        this.toldAttention =
          exchange === this.exchange && decodeResult(parameters)?.sense?.key === UNIT_ATTENTION;
        this.#over(
          exchange,
          `RESPONSE kind ${parameters[0]} status ${(parameters[1] ?? 0).toString(16).padStart(2, '0')}`,
        );
        break;
      case FrameType.dataIn:
        this.dataIn = payload.slice();
        if (parameters.length > 4) this.#over(exchange, 'DATA_IN with the status');
        break;
      case FrameType.taskManagementResponse:
        this.#over(exchange, 'TASK_MANAGEMENT_RESPONSE');
        break;
      case FrameType.refuse:
        this.seen.push('REFUSE');
        break;
      case FrameType.command:
        this.#serve(exchange, parameters, payload.length);
        break;
      case FrameType.dataOut:
        this.#stored(exchange, payload.length);
        break;
      case FrameType.taskManagement:
        this.owes(taskManagementResponse(exchange));
        break;
    }
    this.#waiting.changed();
  }

  #over(exchange: number, what: string): void {
    if (exchange === this.exchange) this.#ended = true;
    this.seen.push(what);
  }

  /** As an owner that has all that is asked of it. */
  #serve(exchange: number, parameters: Uint8Array, arrived: number): void {
    const command = decodeCommand(parameters);
    if (command === null) throw new Error('a malformed COMMAND came');
    this.seen.push('COMMAND');
    const { cdb, dataInLength, dataOutLength, dataInCredit } = command;
    if (dataOutLength > arrived) {
      this.#due.set(exchange, dataOutLength - arrived);
      return this.owes(transferReady(exchange, arrived, dataOutLength - arrived));
    }
    // Some end with sense data, or without their data.
    if (cdb[0] === 0x03 || cdb[0] === 0x5e)
      return this.owes(response(exchange, 2, 0, sense.invalidFieldInCdb()));
    if (dataInLength === 0 || dataInCredit === 0)
      return this.owes(response(exchange, 0, dataOutLength, null));
    const length = Math.min(dataInLength, dataInCredit);
    const half = length >> 1;
    if (half > 0) this.owes(dataIn(exchange, 0, new Uint8Array(half).fill(0x11), false));
    this.owes(dataIn(exchange, half, new Uint8Array(length - half).fill(0x22), true));
  }

  #stored(exchange: number, length: number): void {
    const left = (this.#due.get(exchange) ?? 0) - length;
    this.#due.set(exchange, left);
    if (left <= 0) this.owes(response(exchange, 0, 0, null));
  }
}
