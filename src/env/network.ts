/** Byte streams between systems and clients. TCP, TLS and Unix sockets in production, simulated in the simulator. */

export type Address =
  | { readonly transport: 'tcp'; readonly host: string; readonly port: number }
  /** `system`: whose address it is, and who therefore has to prove to be there. */
  | { readonly transport: 'tls'; readonly host: string; readonly port: number; readonly system: string }
  | { readonly transport: 'unix'; readonly path: string };

export interface Network {
  /**
   * Accepts streams at `address` until the listener is closed. `accepted` must call `stream.attach()` before
   * it returns. `turnedAway` hears of callers who could not prove who they are (TLS alone asks). Rejects with an
   * Error whose `code` is the errno name ('EADDRINUSE', 'EACCES', ...).
   */
  listen(
    address: Address,
    accepted: (stream: ByteStream) => void,
    turnedAway?: (remoteAddress: string, reason: string) => void,
  ): Promise<Listener>;
  /** Calls exactly one of the two, later. `connected` must call `stream.attach()` before it returns. */
  connect(
    address: Address,
    connected: (stream: ByteStream) => void,
    failed: (reason: string) => void,
  ): { cancel(): void };
}

export interface Listener {
  /** The address in use (the real port number where 0 was asked for). */
  readonly address: Address;
  /** Stops accepting. Accepted streams live on, and one that is being accepted (a TLS handshake, say) may still come. */
  close(): void;
}

/** What a stream calls. All calls come from the loop, never from inside a call into the stream. */
export interface StreamHandler {
  /**
   * Where the next received bytes go, at least one byte long. The stream fills a prefix and then calls
   * `received`. The buffer must stay valid until then, or until `closed`.
   */
  receiveBuffer(): Uint8Array;
  /**
   * `length` bytes have been put at the start of the buffer that receiveBuffer() last returned. Gives how many messages they have made
   * whole: many at a time come from a peer that waits for none of them.
   */
  received(length: number): number;
  /** The peer has gone, or the stream was destroyed. Once, and nothing after it. */
  closed(reason: string): void;
}

export interface ByteStream {
  /** Address and port, or path, for logs and status. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  /**
   * True where nothing can change the bytes on their way unnoticed: they never leave this host's kernel (a Unix socket,
   * a loopback address), or the transport authenticates them (TLS).
   */
  readonly bytesAreSafe: boolean;
  /** The system that the other end has proven to be; null where the transport asks for no proof. */
  readonly provenPeer: string | null;
  /** Bytes that were written and not yet taken by the kernel. */
  readonly unsentBytes: number;
  attach(handler: StreamHandler): void;
  /**
   * Sends the chunks in order, as one system call where possible. The stream borrows the chunks until it calls
   * `written` (later, never from inside write). After `closed` or `destroy` the borrowed chunks are given back
   * too: `written` is called exactly once in every case.
   */
  write(chunks: readonly Uint8Array[], written: () => void): void;
  /** Stops and restarts the calls to `received` (back-pressure on the peer). */
  pause(): void;
  resume(): void;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes at once; `closed` follows in a later turn with this reason. */
  destroy(reason: string): void;
}
