/** The handshake on one stream, from either end: until it is agreed what the link will be, or the stream is given up. */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Timer } from '../../env/clock.ts';
import type { Env } from '../../env/env.ts';
import type { Log } from '../../env/log.ts';
import type { ByteStream } from '../../env/network.ts';
import type { Stages } from '../../latency/stages.ts';
import { LinkLimits } from '../../limits.ts';
import { type FrameHeader, FrameType, frameName, HEADER_LENGTH } from '../../wire/interconnect/frame.ts';
import { decodeHello, encodeHello } from '../../wire/interconnect/hello.ts';
import { decodeRefuse, encodeRefuse } from '../../wire/interconnect/refuse.ts';
import type { FrameChannel, FrameReceiver } from './frame-channel.ts';
import { judgeHello, type LinkTerms, type LocalSystem, makeHello } from './handshake.ts';
import type { Carrier } from './link-address.ts';
import { openChannel } from './open-channel.ts';

export interface GreetingHost {
  readonly env: Env;
  readonly log: Log;
  readonly pool: BufferPool;
  readonly self: LocalSystem;
  readonly receiveBuffer: Uint8Array;
  readonly stages: Stages;
}

/** Exactly one of the two is called, once. */
export interface GreetingOutcome {
  agreed(frames: FrameChannel, terms: LinkTerms): void;
  failed(reason: string): void;
}

/** What the accepting side knows of the systems that may call. */
export interface Expected {
  readonly names: ReadonlySet<string>;
  nextGeneration(name: string): number;
}

export class Greeting implements FrameReceiver {
  readonly #host: GreetingHost;
  readonly #frames: FrameChannel;
  readonly #outcome: GreetingOutcome;
  /** Null on the dialing side. */
  readonly #expected: Expected | null;
  readonly #partner: string | null;
  readonly #wantsChecksums: boolean;
  readonly #provenPeer: string | null;
  readonly #timer: Timer;
  #decided = false;

  private constructor(
    host: GreetingHost,
    stream: ByteStream,
    carrier: Carrier,
    partner: string | null,
    expected: Expected | null,
    outcome: GreetingOutcome,
  ) {
    this.#host = host;
    this.#partner = partner;
    this.#expected = expected;
    this.#outcome = outcome;
    // TCP's own sum is too weak for bytes that leave the host without TLS.
    this.#provenPeer = stream.provenPeer;
    this.#wantsChecksums = !stream.bytesAreSafe;
    this.#frames = openChannel(host, stream, carrier, partner, this);
    this.#timer = host.env.clock.after(LinkLimits.handshakeMilliseconds, () =>
      this.cancel('no handshake in time'),
    );
  }

  static dial(
    host: GreetingHost,
    stream: ByteStream,
    carrier: Carrier,
    partner: string,
    outcome: GreetingOutcome,
  ): Greeting {
    const greeting = new Greeting(host, stream, carrier, partner, null, outcome);
    greeting.#sendHello(FrameType.hello, partner, 0, null);
    return greeting;
  }

  static accept(
    host: GreetingHost,
    stream: ByteStream,
    carrier: Carrier,
    expected: Expected,
    outcome: GreetingOutcome,
  ): Greeting {
    return new Greeting(host, stream, carrier, null, expected, outcome);
  }

  cancel(reason: string): void {
    this.#frames.destroy(reason);
  }

  payloadBuffer(): string {
    return 'in the handshake';
  }

  frame(header: FrameHeader, parameters: Uint8Array): string | null {
    if (header.type === FrameType.refuse) return this.#refusedBy(parameters);
    const wanted = this.#expected === null ? FrameType.welcome : FrameType.hello;
    if (header.type !== wanted) return `where ${frameName(wanted)} was due`;
    return this.#expected === null ? this.#welcomed(parameters) : this.#greeted(this.#expected, parameters);
  }

  closed(reason: string): void {
    this.#timer.cancel();
    if (this.#decided) return;
    this.#decided = true;
    this.#outcome.failed(reason);
  }

  #greeted(expected: Expected, parameters: Uint8Array): string | null {
    const hello = decodeHello(parameters);
    const known = hello !== null && expected.names.has(hello.system);
    const generation = known ? expected.nextGeneration(hello.system) : 0xffffffff;
    const verdict = judgeHello(
      hello,
      this.#host.self,
      expected.names,
      generation,
      this.#wantsChecksums,
      this.#provenPeer,
    );
    if (verdict.kind === 'refused') return this.#refuse(verdict.reason, verdict.text);
    const { partner, version } = verdict.terms;
    this.#sendHello(FrameType.welcome, partner, generation, version);
    this.#agree(verdict.terms);
    return null;
  }

  #welcomed(parameters: Uint8Array): string | null {
    const welcome = decodeHello(parameters);
    const names = new Set(this.#partner === null ? [] : [this.#partner]);
    const verdict = judgeHello(welcome, this.#host.self, names, null, this.#wantsChecksums, this.#provenPeer);
    if (verdict.kind === 'refused') return this.#refuse(verdict.reason, verdict.text);
    this.#agree(verdict.terms);
    return null;
  }

  #agree(terms: LinkTerms): void {
    this.#decided = true;
    this.#timer.cancel();
    this.#outcome.agreed(this.#frames, terms);
  }

  /** Says why and closes: the partner logs the same. */
  #refuse(reason: number, text: string): null {
    this.#decided = true;
    this.#timer.cancel();
    this.#host.log.warn({ remote: this.#frames.remoteAddress, reason, text }, 'handshake refused');
    const length = encodeRefuse({ reason, text }, this.#frames.scratch, HEADER_LENGTH);
    this.#frames.send(FrameType.refuse, 0, 0, length);
    this.#frames.end();
    this.#outcome.failed(`refused: ${text}`);
    return null;
  }

  #refusedBy(parameters: Uint8Array): string | null {
    const refuse = decodeRefuse(parameters);
    if (refuse === null) return 'malformed';
    this.cancel(`refused by the partner: ${refuse.text}`);
    return null;
  }

  #sendHello(
    type: typeof FrameType.hello | typeof FrameType.welcome,
    partner: string,
    generation: number,
    version: number | null,
  ): void {
    const hello = makeHello(this.#host.self, partner, generation, this.#wantsChecksums, version);
    const length = encodeHello(hello, this.#frames.scratch, HEADER_LENGTH);
    this.#frames.send(type, 0, 0, length);
  }
}
