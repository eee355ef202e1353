/** Text requests of the full feature phase and their answers, either of which may take several PDUs (RFC 7143 6.4). */
import { NO_TAG } from '../../wire/iscsi/bhs.ts';
import type { TextRequest } from '../../wire/iscsi/text-request.ts';
import type { Declared, Parameters } from '../login/parameters.ts';
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
  readonly #parameters: Parameters;
  #input = new TextInput();
  readonly #output = new TextOutput();
  /** An answer has been given that was not the last. */
  #open = false;
  /** What has been declared: it holds when the exchange ends. */
  #declared: Declared;

  constructor(context: TextContext, parameters: Parameters) {
    this.#context = context;
    this.#parameters = parameters;
    this.#declared = { ...parameters };
  }

  /** The answer, or what is wrong with the request. */
  request(pdu: TextRequest, text: Uint8Array): TextAnswer | string {
    if (pdu.final && pdu.continues) return 'both F and C';
    const fresh = pdu.targetTransferTag === NO_TAG;
    if (fresh) this.#reset();
    else if (pdu.targetTransferTag !== EXCHANGE_TAG || !this.#open) return 'an unknown exchange';
    if (this.#output.pending) return text.length > 0 ? 'keys while an answer is continued' : this.#emit(pdu);
    if (!this.#input.add(text)) return 'a text that is too long';
    if (pdu.continues) {
      this.#open = true;
      return { text: NO_TEXT, final: false, continues: false, targetTransferTag: EXCHANGE_TAG };
    }
    const answer = answerText(this.#input.take(), this.#context, this.#declared);
    if (answer === null) return 'a malformed text';
    this.#output.set(answer);
    return this.#emit(pdu);
  }

  /** A new exchange ends the one before (11.10.4). */
  #reset(): void {
    this.#input = new TextInput();
    this.#output.set(NO_TEXT);
    this.#open = false;
    this.#declared = { ...this.#parameters };
  }

  #emit(pdu: TextRequest): TextAnswer {
    const text = this.#output.take(this.#parameters.maxSendSegmentLength);
    const continues = this.#output.pending;
    const final = !continues && pdu.final;
    this.#open = !final;
    if (final) this.#parameters.maxSendSegmentLength = this.#declared.maxSendSegmentLength;
    return { text, final, continues, targetTransferTag: final ? NO_TAG : EXCHANGE_TAG };
  }
}
