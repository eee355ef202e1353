/** What a session is told when the target is about to go (RFC 7143 11.9.1). */
import { AsyncEvent, type AsyncMessage, encodeAsyncMessage } from '../../wire/iscsi/async-message.ts';
import type { Connection } from '../connection/connection.ts';
import type { Parameters } from '../login/parameters.ts';
import type { Numbering } from './numbering.ts';

/** A connection of the session. */
export interface Addressee {
  readonly connection: Connection;
  readonly numbering: Numbering;
  readonly parameters: Parameters;
  nextStatSN(): number;
  sendAnswer(segment: null): void;
}

const NO_LUN = new Uint8Array(8);

/** The initiator is to log out within that many seconds. Until it does, its commands run as ever. To be said on each connection. */
export function requestLogout(to: Addressee, seconds: number): void {
  say(to, { event: AsyncEvent.requestsLogout, parameter1: 0, parameter2: 0, parameter3: seconds });
}

/** The session is going to be ended. */
export function announceDrop(to: Addressee): void {
  const { time2Wait, time2Retain } = to.parameters;
  say(to, { event: AsyncEvent.dropsSession, parameter1: 0, parameter2: time2Wait, parameter3: time2Retain });
}

/** Another connection of its session is going to be dropped. */
export function announceDropOf(connectionId: number, to: Addressee): void {
  const { time2Wait, time2Retain } = to.parameters;
  const times = { parameter2: time2Wait, parameter3: time2Retain };
  say(to, { event: AsyncEvent.dropsConnection, parameter1: connectionId, ...times });
}

function say(
  to: Addressee,
  what: Pick<AsyncMessage, 'event' | 'parameter1' | 'parameter2' | 'parameter3'>,
): void {
  const statSN = to.nextStatSN();
  const { expCmdSN, maxCmdSN } = to.numbering;
  const fields = { dataSegmentLength: 0, lun: NO_LUN, vendorCode: 0 };
  encodeAsyncMessage({ ...fields, ...what, statSN, expCmdSN, maxCmdSN }, to.connection.header);
  to.sendAnswer(null);
}
