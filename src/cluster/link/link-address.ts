/** Where a link goes, and how its frames travel on the byte stream that goes there. */
import type { Address } from '../../env/network.ts';

export type LinkAddress =
  | Address
  | { readonly transport: 'fcip'; readonly host: string; readonly port: number };

/** As they are, or as Fibre Channel. */
export type Carrier = 'stream' | 'fc';

export function carrierOf(address: LinkAddress): Carrier {
  return address.transport === 'fcip' ? 'fc' : 'stream';
}

/** FCIP runs on TCP (RFC 3821). */
export function streamAddress(address: LinkAddress): Address {
  return address.transport === 'fcip' ? { ...address, transport: 'tcp' } : address;
}
