import { z } from 'zod';

const ip = z.union([z.ipv4(), z.ipv6()]);

/**
 * Whether a request with this Host header may be answered. A web page that rebinds its own name to this address
 * (DNS rebinding) has a browser send that name; an address cannot be rebound.
 */
export function isTrustedHost(header: string | undefined): boolean {
  if (header === undefined) return false;
  const host = header.replace(/:[0-9]+$/, '');
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return bare === 'localhost' || ip.safeParse(bare).success;
}
