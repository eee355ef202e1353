import { LogoutReason, type LogoutRequest } from '../../wire/iscsi/logout-request.ts';
import { LogoutResult } from '../../wire/iscsi/logout-response.ts';

/** What a logout comes to, in a session of one connection that has no recovery (RFC 7143 11.14, 11.15). */
export function logoutResult(pdu: LogoutRequest, connectionId: number): LogoutResult {
  if (pdu.reason === LogoutReason.closeSession) return LogoutResult.closed;
  if (pdu.connectionId !== connectionId) return LogoutResult.connectionIdNotFound;
  const closes = pdu.reason === LogoutReason.closeConnection;
  return closes ? LogoutResult.closed : LogoutResult.recoveryNotSupported;
}
