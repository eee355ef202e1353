/** Process login for FCP and its answer (FC-LS-2 4.2.20; FCP-4 6.3): PRLI, and LS_ACC of it. One page each. */
import { putU16, putU32, u8, u16, u32 } from '../scsi/bytes.ts';
import { FcType } from './frame-header.ts';
import { Els } from './port-login.ts';

export const PROCESS_LOGIN_LENGTH = 20;
const PAGE_LENGTH = 16;
/** An image pair is asked for, or has been established. */
const IMAGE_PAIR = 0x2000;
const RESPONSE_CODE = 0x0f00;
const REQUEST_EXECUTED = 0x0100;
/** FCP-4 table 8. */
const ServiceParameter = {
  writeTransferReadyDisabled: 0x01,
  readTransferReadyDisabled: 0x02,
  target: 0x10,
  initiator: 0x20,
} as const;
/** Both systems are both. Write data that was announced goes before any FCP_XFER_RDY, and read data has none. */
const BOTH =
  ServiceParameter.initiator |
  ServiceParameter.target |
  ServiceParameter.readTransferReadyDisabled |
  ServiceParameter.writeTransferReadyDisabled;

export function encodeProcessLogin(command: number, bytes: Uint8Array, at: number): number {
  bytes.fill(0, at, at + PROCESS_LOGIN_LENGTH);
  bytes[at] = command;
  bytes[at + 1] = PAGE_LENGTH;
  putU16(bytes, at + 2, PROCESS_LOGIN_LENGTH);
  bytes[at + 4] = FcType.fcp;
  putU16(bytes, at + 6, command === Els.accept ? IMAGE_PAIR | REQUEST_EXECUTED : IMAGE_PAIR);
  putU32(bytes, at + 16, BOTH);
  return PROCESS_LOGIN_LENGTH;
}

/** What is wrong with it as a process login, or its acceptance, for FCP; null if nothing is. */
export function brokenProcessLogin(bytes: Uint8Array): string | null {
  if (bytes.length !== PROCESS_LOGIN_LENGTH || u8(bytes, 1) !== PAGE_LENGTH) return 'malformed process login';
  if (u8(bytes, 4) !== FcType.fcp) return `a process login for type ${u8(bytes, 4)}`;
  const flags = u16(bytes, 6);
  if ((flags & IMAGE_PAIR) === 0) return 'a process login without an image pair';
  const code = u8(bytes, 0) === Els.accept ? REQUEST_EXECUTED : 0;
  if ((flags & RESPONSE_CODE) !== code) return 'a process login that was not executed';
  return (u32(bytes, 16) & BOTH) === BOTH ? null : 'a process login of less than initiator and target';
}
