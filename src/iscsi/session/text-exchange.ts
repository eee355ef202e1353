/** Text requests of the full feature phase and their answers, either of which may take several PDUs (RFC 7143 6.4). */
import { NO_TAG } from '../../wire/iscsi/bhs.ts';
import type { TextRequest } from '../../wire/iscsi/text-request.ts';
import { TextInput, TextOutput } from '../login/text-assembly.ts';
import { answerText, type TextContext } from './send-targets.ts';

export interface TextAnswer {
  readonly text: Uint8Array;
  readonly final: boolean;
  readonly continues: boolean;
  /** NO_TAG with the last answer. */
  readonly targetTransferTag: number;
}

/** The only exchange of a session has this tag. */
const EXCHANGE_TAG = 1;
const NO_TEXT = new Uint8Array(0);

export class TextExchange {
  readonly #context: TextContext;
  #input = new TextInput();
  readonly #output = new TextOutput();

  constructor(context: TextContext) {
    this.#context = context;
  }

  /** The answer, or what is wrong with the request. */
  request(pdu: TextRequest, text: Uint8Array): TextAnswer | string {
    if (pdu.final && pdu.continues) return 'both F and C';
    const fresh = pdu.targetTransferTag === NO_TAG;
    if (fresh) this.#reset();
    else if (pdu.targetTransferTag !== EXCHANGE_TAG || !this.#inExchange) return 'an unknown exchange';
    if (this.#output.pending) return text.length > 0 ? 'keys while an answer is continued' : this.#emit(pdu);
    if (!this.#input.add(text)) return 'a text that is too long';
    if (pdu.continues) {
      return { text: NO_TEXT, final: false, continues: false, targetTransferTag: EXCHANGE_TAG };
    }
    const answer = answerText(this.#input.take(), this.#context);
    if (answer === null) return 'a malformed text';
    this.#output.set(answer);
    return this.#emit(pdu);
  }

  get #inExchange(): boolean {
    return this.#output.pending || !this.#input.isEmpty;
  }

  /** A new exchange ends the one before (11.10.4). */
  #reset(): void {
    this.#input = new TextInput();
    this.#output.set(NO_TEXT);
  }

  #emit(pdu: TextRequest): TextAnswer {
    const text = this.#output.take(this.#context.parameters.maxSendSegmentLength);
    const continues = this.#output.pending;
    const final = !continues && pdu.final;
    return { text, final, continues, targetTransferTag: final ? NO_TAG : EXCHANGE_TAG };
  }
}
