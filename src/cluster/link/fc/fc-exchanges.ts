/**
 * Exchanges as Fibre Channel has them: what the information units of one leave unsaid and the frames of the interconnect
 * say. OX_ID is an exchange's slot and RX_ID its turn (docs/interconnect.md section 6).
 */

const SLOT = 0xffff;

export interface FcExchange {
  readonly number: number;
  /** FCP_DL. */
  readonly length: number;
  /** The FCP_CMND was a task management function. */
  readonly management: boolean;
  /** How far the owner is ready for write data: with the byte before it, Sequence Initiative goes over. */
  readyTo: number;
  /** SEQ_CNT of the next sequence that we send: it counts on as long as we keep Sequence Initiative (FC-FS-3 12.11). */
  sequenceCount: number;
}

export class FcExchanges {
  readonly #bySlot = new Map<number, FcExchange>();

  begin(number: number, length: number, management: boolean, readyTo: number): FcExchange {
    const exchange = { number, length, management, readyTo, sequenceCount: 0 };
    this.#bySlot.set(number & SLOT, exchange);
    return exchange;
  }

  find(number: number): FcExchange | null {
    const exchange = this.#bySlot.get(number & SLOT);
    return exchange?.number === number ? exchange : null;
  }

  end(number: number): void {
    if (this.find(number) !== null) this.#bySlot.delete(number & SLOT);
  }
}

export function slotOf(number: number): number {
  return number & SLOT;
}

export function turnOf(number: number): number {
  return number >>> 16;
}

export function numberOf(slot: number, turn: number): number {
  return turn * 0x1_0000 + slot;
}
