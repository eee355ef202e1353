import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { LogoutRequest } from '../../wire/iscsi/logout-request.ts';
import type { LogoutResult } from '../../wire/iscsi/logout-response.ts';
import type { Identity } from '../login/login.ts';
import type { Parameters } from '../login/parameters.ts';
import type { TaskTable } from '../transfer/task-table.ts';
import type { LostConnections } from './lost-connections.ts';
import type { Numbering } from './numbering.ts';
import type { TextContext } from './send-targets.ts';
import type { SessionConnection } from './session-connection.ts';
import type { TaskManager } from './task-manager.ts';

/** What a connection needs of its session. */
export interface ConnectionHost {
  readonly identity: Identity;
  readonly numbering: Numbering;
  readonly pool: BufferPool;
  /** Null in a discovery session. */
  readonly tasks: TaskTable | null;
  readonly manager: TaskManager | null;
  /** Null below error recovery level 2. */
  readonly lost: LostConnections | null;
  /** What SendTargets shows; `at`: the address that the initiator has connected to. */
  targets(at: string): ReturnType<TextContext['targets']>;
  logout(by: SessionConnection, pdu: LogoutRequest, done: (result: LogoutResult) => void): void;
  /** Sends what waits on all connections, and closes them. */
  finish(): void;
  /** The connection is of no use any more. */
  connectionDropped(connection: SessionConnection, why: string): void;
  /** Its stream has closed: it has let go of all buffers. */
  connectionClosed(connection: SessionConnection): void;
  settleOthers(than: SessionConnection, then: () => void): void;
}

/** How a login has ended. */
export interface ConnectionTerms {
  readonly connectionId: number;
  readonly parameters: Parameters;
  readonly statSN: number;
}
