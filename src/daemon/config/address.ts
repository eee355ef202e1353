/** Addresses as a configuration file writes them. IP addresses only: discovery tells them to clients as they are. */
import { z } from 'zod';

const v4 = z.ipv4();
const v6 = z.ipv6();

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** 'a.b.c.d:port' or '[v6]:port'; null where it is neither. */
export function parseHostPort(written: string): HostPort | null {
  const colon = written.lastIndexOf(':');
  if (colon < 0) return null;
  const host = bareHost(written.slice(0, colon));
  const digits = written.slice(colon + 1);
  if (host === null || !/^[1-9][0-9]{0,4}$/.test(digits)) return null;
  const port = Number(digits);
  return port <= 65535 ? { host, port } : null;
}

function bareHost(written: string): string | null {
  if (!written.startsWith('[')) return isIPv4(written) ? written : null;
  const inner = written.slice(1, -1);
  return written.endsWith(']') && v6.safeParse(inner).success ? inner.toLowerCase() : null;
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIPv4(host) ? `${host}:${port}` : `[${host}]:${port}`;
}

export function isLoopback(host: string): boolean {
  return isIPv4(host) ? host.startsWith('127.') : host === '::1';
}

/** Whether the same process could not listen on both: equal, or one is every address of the machine. */
export function collide(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && (a.host === b.host || isWildcard(a.host) || isWildcard(b.host));
}

export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function isIPv4(host: string): boolean {
  return v4.safeParse(host).success;
}
