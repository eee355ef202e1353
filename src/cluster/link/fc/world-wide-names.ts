import { createHash } from 'node:crypto';
import type { WorldWideName } from '../../../wire/fc/world-wide-name.ts';

/** The names of a system as a Fibre Channel node with one port. */
export interface FcNames {
  readonly node: WorldWideName;
  readonly port: WorldWideName;
}

/** NAA type 3, locally assigned (FC-FS-3 15.6.4), and 60 bits of SHA-256: every system makes the same by itself. */
export function fcNames(cluster: string, system: string): FcNames {
  const name = (part: string): WorldWideName =>
    `3${createHash('sha256').update(`${cluster}\0${system}\0${part}`).digest('hex').slice(0, 15)}`;
  return { node: name('node'), port: name('port') };
}
