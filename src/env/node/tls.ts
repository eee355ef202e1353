/**
 * TLS 1.3 with pre-shared keys (RFC 8446 2.2), both ends: each proves to have the key that only the two have. There
 * are no certificates, and who has no key gets no stream.
 */
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { StreamLimits } from '../../limits.ts';
import type { Address } from '../network.ts';
import { identityOf, type KeyRing, type SharedKey } from './key-ring.ts';
import { endpoint } from './stream.ts';

export type TlsAddress = Address & { readonly transport: 'tls' };

/** The one cipher suite with which OpenSSL takes a key that has no hash of its own (RFC 8446 4.2.11: SHA-256). */
const VERSION = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const;

/** `accepted`: the caller has proven to be that partner. */
export function tlsServer(
  keys: KeyRing,
  accepted: (socket: TLSSocket, partner: string) => void,
  turnedAway: (remoteAddress: string, reason: string) => void,
): Server {
  const offered = new WeakMap<TLSSocket, { readonly identity: string; readonly key: SharedKey | null }>();
  const server = createServer({
    ...VERSION,
    handshakeTimeout: StreamLimits.tlsHandshakeMilliseconds,
    pskCallback: (socket: TLSSocket, identity: string) => {
      const key = keys.current().find(({ partner, id }) => identityOf(partner, id) === identity) ?? null;
      offered.set(socket, { identity, key });
      return key?.secret ?? null;
    },
  });
  server.maxConnections = StreamLimits.maxTlsConnections;
  server.on('secureConnection', (socket) => {
    const key = offered.get(socket)?.key ?? null;
    if (key !== null) return accepted(socket, key.partner);
    // A session from before, resumed: that proves no more than that its key was valid once.
    turnedAway(
      endpoint(socket.remoteAddress, socket.remotePort),
      'it has resumed a session, and shown no key',
    );
    socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    const remote = endpoint(socket.remoteAddress, socket.remotePort);
    turnedAway(remote, refusal(error, offered.get(socket)));
  });
  return server;
}

function refusal(
  error: Error,
  offer: { readonly identity: string; readonly key: SharedKey | null } | undefined,
): string {
  if (offer === undefined) return `it has offered no key (${reasonOf(error)})`;
  const name = JSON.stringify(offer.identity);
  if (offer.key === null) return `there is no key ${name} here`;
  return `it could not prove that it has key ${name} (${reasonOf(error)})`;
}

/**
 * Calls the partner with each key that there is for it, the newest first: the partner may have only the older one yet.
 * Calls exactly one of `connected` and `failed`, later.
 */
export function tlsConnect(
  address: TlsAddress,
  keys: KeyRing,
  connected: (socket: TLSSocket) => void,
  failed: (reason: string) => void,
): { cancel(): void } {
  const waiting = keys.current().filter(({ partner }) => partner === address.system);
  const reasons: string[] = [];
  let socket: TLSSocket | null = null;
  let cancelled = false;
  const next = (): void => {
    const key = waiting.shift();
    if (cancelled) return;
    if (key === undefined) return failed(reasons.join('; ') || `no key for ${address.system} here`);
    socket = tryKey(address, keys.self, key, connected, (reason, mayTryNext) => {
      socket = null;
      reasons.push(reason);
      if (!mayTryNext) waiting.length = 0;
      next();
    });
  };
  process.nextTick(next);
  return {
    cancel: () => {
      cancelled = true;
      socket?.destroy();
    },
  };
}

/** `mayTryNext`: somebody was there, who did not take the key. */
function tryKey(
  { host, port, system }: TlsAddress,
  self: string,
  key: SharedKey,
  connected: (socket: TLSSocket) => void,
  failed: (reason: string, mayTryNext: boolean) => void,
): TLSSocket {
  let isThere = false;
  const socket = connect({
    ...VERSION,
    host,
    port,
    timeout: StreamLimits.tlsHandshakeMilliseconds,
    pskCallback: () => ({ identity: identityOf(self, key.id), psk: key.secret }),
    // Called where the other end has shown a certificate and not the key; no certificate is good enough.
    checkServerIdentity: () => new Error(`${system} has not shown the key`),
  });
  const onError = (error: Error): void => {
    socket.off('error', onError);
    socket.on('error', () => undefined);
    failed(isThere ? `${system} has not taken key ${key.id} (${reasonOf(error)})` : error.message, isThere);
    socket.destroy();
  };
  const onTimeout = (): void => onError(new Error('no TLS handshake in time'));
  socket.on('error', onError);
  socket.once('timeout', onTimeout);
  socket.once('connect', () => {
    isThere = true;
  });
  socket.once('secureConnect', () => {
    socket.off('error', onError);
    socket.off('timeout', onTimeout);
    socket.setTimeout(0);
    connected(socket);
  });
  return socket;
}

/** OpenSSL's own words, without the place in its source that surrounds them. */
function reasonOf(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
}
