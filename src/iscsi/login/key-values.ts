/** The forms of text values (RFC 7143 6.1), read without regular expressions: they come from anyone. */

/** A numerical-value, decimal or hexadecimal, or null. Up to 32 bits: no key needs more. */
export function parseNumber(text: string): number | null {
  const hexadecimal = text.startsWith('0x') || text.startsWith('0X');
  const digits = hexadecimal ? text.slice(2) : text;
  const base = hexadecimal ? 16 : 10;
  if (digits.length === 0 || digits.length > 10) return null;
  let value = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digitOf(digits.charCodeAt(i));
    if (digit >= base) return null;
    value = value * base + digit;
  }
  return value <= 0xffffffff ? value : null;
}

/** A number in [low, high], or null. */
export function parseNumberWithin(text: string, low: number, high: number): number | null {
  const value = parseNumber(text);
  return value !== null && value >= low && value <= high ? value : null;
}

export function parseBoolean(text: string): boolean | null {
  if (text === 'Yes') return true;
  return text === 'No' ? false : null;
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : 16;
}

/** A large-binary-value, hexadecimal or Base64, or null. The text has been bounded already. */
export function parseBinary(text: string): Uint8Array | null {
  const [prefix, digits] = [text.slice(0, 2).toLowerCase(), text.slice(2)];
  if (prefix === '0x') return canonical(Buffer.from(digits, 'hex'), 'hex', digits.toLowerCase());
  return prefix === '0b' ? canonical(Buffer.from(digits, 'base64'), 'base64', digits) : null;
}

/** Node stops at what is no digit, or leaves it out: what it has read must be all that was written. */
function canonical(bytes: Buffer, encoding: 'hex' | 'base64', written: string): Uint8Array | null {
  return bytes.toString(encoding) === written ? bytes : null;
}

export function encodeBinary(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
