/** Logout (RFC 7143 11.14, 11.15): of the session, of one of its connections, or of one for recovery. */
import { LogoutReason, type LogoutRequest } from '../../wire/iscsi/logout-request.ts';
import { LogoutResult } from '../../wire/iscsi/logout-response.ts';
import type { LostConnections } from './lost-connections.ts';
import type { SessionConnection } from './session-connection.ts';

/** The session, as a logout ends it or parts of it. */
export interface LeavableSession {
  /** Null below error recovery level 2. */
  readonly lost: LostConnections | null;
  /** Of this id; null where there is none, or only a lost one. */
  connection(connectionId: number): SessionConnection | null;
  /** Whether anything but this connection holds the session. */
  isHeldBesides(leaving: SessionConnection): boolean;
  /** Ends the connection's commands, and takes it out of the session; its stream stays for the answer. Calls `then` when that is done. */
  takeOut(connection: SessionConnection, then: () => void): void;
  /** Drops the connection; calls `then` when nothing is left of it. */
  remove(connectionId: number, why: string, then: () => void): void;
  /** Ends the session; calls `then` when its nexus is closed. `by` stays for the answer. */
  endByLogout(by: SessionConnection, then: () => void): void;
}

type Done = (result: LogoutResult) => void;

/** `done`: the nexus is closed, or the connection gone, before the answer goes out: what comes by another way comes after it. */
export function logout(
  session: LeavableSession,
  by: SessionConnection,
  pdu: LogoutRequest,
  done: Done,
): void {
  const closed = () => done(LogoutResult.closed);
  if (pdu.reason === LogoutReason.closeSession) return session.endByLogout(by, closed);
  const leaving = session.connection(pdu.connectionId);
  if (leaving === null) return logoutLost(session, pdu, done);
  if (pdu.reason !== LogoutReason.closeConnection) return removeForRecovery(session, by, pdu, done);
  if (leaving === by && !session.isHeldBesides(by)) return session.endByLogout(by, closed);
  session.lost?.discard(leaving);
  if (leaving === by) session.takeOut(by, closed);
  else session.remove(pdu.connectionId, 'logged out', closed);
}

/** Of a connection that has closed. */
function logoutLost({ lost }: LeavableSession, { reason, connectionId }: LogoutRequest, done: Done): void {
  const closed = () => done(LogoutResult.closed);
  if (reason === LogoutReason.closeConnection && lost?.close(connectionId, closed)) return;
  const recovers = reason === LogoutReason.removeForRecovery && lost?.logOut(connectionId);
  done(recovers ? LogoutResult.closed : LogoutResult.connectionIdNotFound);
}

/** Its commands are to be taken up by another connection: they are kept when it closes. */
function removeForRecovery(
  session: LeavableSession,
  by: SessionConnection,
  { reason, connectionId }: LogoutRequest,
  done: Done,
): void {
  const { lost } = session;
  if (lost === null || reason !== LogoutReason.removeForRecovery)
    return done(LogoutResult.recoveryNotSupported);
  if (connectionId === by.connectionId) {
    lost.leaving(by);
    return done(LogoutResult.closed);
  }
  session.remove(connectionId, 'removed for recovery', () => {
    lost.logOut(connectionId);
    done(LogoutResult.closed);
  });
}
