/** Residual counts (RFC 7143 11.4.5): what the CDB asks to transfer against what the initiator expected. */
import { OVERFLOW, UNDERFLOW } from '../../wire/iscsi/scsi-response.ts';

export function residualFlags(presented: number, expected: number): number {
  if (presented === expected) return 0;
  return presented > expected ? OVERFLOW : UNDERFLOW;
}

export function residualCount(presented: number, expected: number): number {
  return Math.min(Math.abs(presented - expected), 0xffffffff);
}
