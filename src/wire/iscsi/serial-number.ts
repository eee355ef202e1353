/** Serial number arithmetic of 32 bits (RFC 1982), as CmdSN, StatSN and their likes need (RFC 7143 4.2.2.1). */

export function next(serial: number): number {
  return (serial + 1) >>> 0;
}

export function plus(serial: number, count: number): number {
  return (serial + count) >>> 0;
}

/** How far `a` is ahead of `b`: negative where it is behind. */
export function ahead(a: number, b: number): number {
  return (a - b) | 0;
}

export function isBefore(a: number, b: number): boolean {
  return ahead(a, b) < 0;
}

/** Whether `serial` is in the window from `first` to `last`, both included. */
export function inWindow(serial: number, first: number, last: number): boolean {
  return !isBefore(serial, first) && !isBefore(last, serial);
}
