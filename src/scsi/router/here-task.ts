import type { BufferPool } from '../../buffers/buffer-pool.ts';
import { DiscardedData } from '../discarded-data.ts';
import type { Command } from '../logical-unit.ts';
import { ParameterData } from '../parameter-data.ts';

/** A command that was answered where it arrived, while its parameter data waits for credit. */
export class HereTask extends DiscardedData {
  readonly command: Command;
  readonly lun: number;
  readonly #data: ParameterData;
  readonly #ended: (task: HereTask) => void;
  #over = false;

  constructor(
    command: Command,
    lun: number,
    pool: BufferPool,
    answer: { readonly bytes: Uint8Array; readonly allocationLength: number },
    ended: (task: HereTask) => void,
  ) {
    super(pool);
    this.command = command;
    this.lun = lun;
    this.#data = new ParameterData(command, pool, answer.bytes, answer.allocationLength);
    this.#ended = ended;
  }

  override grant(length: number): void {
    this.#data.grant(length);
    this.send();
  }

  /** Sends what there is credit for. */
  send(): void {
    while (!this.#over && this.#data.ready) {
      if (this.#data.last) this.#end();
      this.#data.send();
    }
  }

  abort(): void {
    if (this.#over) return;
    this.#end();
    this.command.aborted();
  }

  #end(): void {
    this.#over = true;
    this.#ended(this);
  }
}
