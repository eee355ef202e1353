import { IscsiLimits } from '../../limits.ts';

/**
 * An iSCSI name in the form in which names are compared (RFC 7143 4.2.7.2: case is folded), or null where it is
 * none: a type that we know, then printable ASCII or any character beyond.
 */
export function normalName(name: string): string | null {
  const folded = name.toLowerCase();
  if (Buffer.byteLength(folded) > IscsiLimits.maxNameBytes) return null;
  const typed = folded.startsWith('iqn.') || folded.startsWith('eui.') || folded.startsWith('naa.');
  if (!typed || folded.length === 4) return null;
  for (let i = 0; i < folded.length; i++) {
    const code = folded.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f || folded[i] === ',') return null;
  }
  return folded;
}
