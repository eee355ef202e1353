/** A client of ErrorRecoveryLevel 2: it loses connections, and takes their commands up by others. */
import assert from 'node:assert/strict';
import type { Pdu } from '../../../client/pdu-connection.ts';
import { LogoutReason } from '../../../src/wire/iscsi/logout-request.ts';
import { LogoutResult } from '../../../src/wire/iscsi/logout-response.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { TaskFunction } from '../../../src/wire/iscsi/task-management-request.ts';
import { blockCdb } from '../../support/scsi.ts';
import { functionResponse, logout, type ManyConnections, sendFunction } from './many-connections.ts';
import type { RawSession } from './raw-session.ts';
import { BLOCK, type TestTarget, turn } from './test-target.ts';

export const LEVEL_2 = { ErrorRecoveryLevel: '2', DefaultTime2Wait: '0', DefaultTime2Retain: '20' };

/** The same, and all data of a write is asked for. */
export const ASKED = { ...LEVEL_2, InitialR2T: 'Yes', ImmediateData: 'No' };

const WRITE_16 = 0x8a;

/** Gives the response code. */
export function reassign(by: RawSession, tag: number, expDataSN = 0): Promise<number> {
  sendFunction(by, TaskFunction.taskReassign, tag, 0, expDataSN);
  return functionResponse(by);
}

/** Returns when the target's only session has that many connections; 0: also when it is over. */
export async function connectionsLeft(target: TestTarget, count: number): Promise<void> {
  while ((target.portal.sessions()[0]?.connections.length ?? 0) !== count) await turn();
}

/** The connection fails; returns when the target has noticed. */
export async function lose(session: ManyConnections, connection: RawSession): Promise<void> {
  const at = session.all.indexOf(connection);
  assert(at >= 0);
  const before = session.target.portal.sessions()[0]?.connections.length ?? 0;
  session.all.splice(at, 1);
  connection.connection.destroy();
  await connectionsLeft(session.target, before - 1);
}

/** TEST UNIT READY: the first command of a nexus is told of a unit attention. */
export async function passUnitAttention(by: RawSession): Promise<void> {
  by.command({ initiatorTaskTag: 1 });
  await by.receive(Opcode.scsiResponse);
}

/** A write of 8 blocks from block 0 on, which has passed all checks and waits for its data; its connection, the only one, is lost. */
export async function loseWrite(session: ManyConnections): Promise<void> {
  const { first } = session;
  const cdb = blockCdb(WRITE_16, 0, 8);
  first.command({ write: true, expectedDataTransferLength: 8 * BLOCK, cdb });
  await first.receive(Opcode.r2t);
  first.connection.destroy();
  await connectionsLeft(session.target, 0);
}

/** A new connection in place of one that failed. */
export async function replace(
  session: ManyConnections,
  connection: RawSession,
  connectionId: number,
  keys: Record<string, string> = {},
): Promise<RawSession> {
  const joined = await session.join(connectionId, keys);
  session.all.splice(session.all.indexOf(connection), 1);
  connection.connection.destroy();
  return joined;
}

export async function removeForRecovery(by: RawSession, connectionId: number): Promise<void> {
  assert.equal(await logout(by, LogoutReason.removeForRecovery, connectionId), LogoutResult.closed);
}

export async function receiveData(by: RawSession, count: number): Promise<Pdu[]> {
  const pdus: Pdu[] = [];
  while (pdus.length < count) pdus.push(await by.receive(Opcode.dataIn));
  return pdus;
}

export function bytesOf(pdus: readonly Pdu[]): Buffer {
  return Buffer.concat(pdus.map(({ data }) => data));
}

/** All but ExpCmdSN and MaxCmdSN, which are those of now, and the tag by which the connection knows acknowledgements. */
export function replicaOf({ header, data }: Pdu): { header: Uint8Array; data: Uint8Array } {
  return { header: header.slice().fill(0, 20, 24).fill(0, 28, 36), data };
}
