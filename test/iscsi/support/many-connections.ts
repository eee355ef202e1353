/** An initiator with several connections in one session (RFC 7143 4.2.7), each a raw one, whose CmdSN is the session's. */
import assert from 'node:assert/strict';
import { loginRequest, receiveLogin, sendLogin, usualKeys } from '../../../client/login.ts';
import type { Digests, Pdu, PduConnection } from '../../../client/pdu-connection.ts';
import { BHS_LENGTH, NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import type { LoginRequest } from '../../../src/wire/iscsi/login-request.ts';
import type { LoginResponse } from '../../../src/wire/iscsi/login-response.ts';
import { encodeLogoutRequest } from '../../../src/wire/iscsi/logout-request.ts';
import { decodeLogoutResponse } from '../../../src/wire/iscsi/logout-response.ts';
import { decodeNopIn } from '../../../src/wire/iscsi/nop-in.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { encodeTaskManagementRequest } from '../../../src/wire/iscsi/task-management-request.ts';
import { decodeTaskManagementResponse } from '../../../src/wire/iscsi/task-management-response.ts';
import { decodePairs } from '../../../src/wire/iscsi/text.ts';
import { ManualRouter } from './manual-router.ts';
import { RawSession } from './raw-session.ts';
import { INITIATOR, type TestTarget, withTarget } from './test-target.ts';

export interface JoinAnswer {
  readonly response: LoginResponse;
  readonly keys: ReadonlyMap<string, string>;
}

/** Logs in by other means than `login`: a new session, or another connection of the one that `changes` names. */
export type LogIn = (
  target: TestTarget,
  connection: PduConnection,
  keys: Record<string, string>,
  changes: Partial<LoginRequest>,
) => Promise<JoinAnswer>;

export class ManyConnections {
  readonly target: TestTarget;
  readonly tsih: number;
  /** In the order in which they were made; all count the same CmdSN. */
  readonly all: RawSession[];

  readonly #logIn: LogIn | undefined;

  private constructor(target: TestTarget, first: RawSession, logIn?: LogIn) {
    this.target = target;
    this.tsih = first.tsih;
    this.all = [first];
    this.#logIn = logIn;
  }

  static async open(
    target: TestTarget,
    keys: Record<string, string> = {},
    logIn?: LogIn,
  ): Promise<ManyConnections> {
    const all = { MaxConnections: '4', ...keys };
    if (logIn === undefined) return new ManyConnections(target, await RawSession.open(target, all));
    const connection = await target.connect();
    const { response, keys: agreed } = await logIn(target, connection, all, {});
    connection.digests = digestsOf(agreed);
    return new ManyConnections(target, RawSession.of(connection, response.tsih, 1), logIn);
  }

  get first(): RawSession {
    return this.at(0);
  }

  at(index: number): RawSession {
    const connection = this.all[index];
    assert(connection !== undefined);
    return connection;
  }

  /** Logs another connection in, which has to succeed. */
  async join(connectionId: number, keys: Record<string, string> = {}): Promise<RawSession> {
    const connection = await this.target.connect();
    const changes = { tsih: this.tsih, cmdSN: this.first.cmdSN, connectionId };
    const { response, keys: agreed } = await (this.#logIn === undefined
      ? this.ask(connection, changes, keys)
      : this.#logIn(this.target, connection, keys, changes));
    assert.equal(response.status, 0);
    assert.equal(response.tsih, this.tsih);
    connection.digests = digestsOf(agreed);
    const joined = this.first.sibling(connection);
    this.all.push(joined);
    return joined;
  }

  /** One login request to this session, but for what the test changes, and its answer. */
  async ask(
    connection: PduConnection,
    changes: Partial<LoginRequest>,
    keys: Record<string, string> = {},
  ): Promise<JoinAnswer> {
    const { targetName } = this.target.ports[0] ?? { targetName: null };
    const names = { InitiatorName: INITIATOR, SessionType: 'Normal', TargetName: targetName ?? '' };
    const usual = usualKeys({ initiatorName: INITIATOR, targetName });
    const declared = usual.filter(([key]) => key === 'MaxRecvDataSegmentLength');
    const request = loginRequest({ tsih: this.tsih, cmdSN: this.first.cmdSN, ...changes });
    sendLogin(connection, request, Object.entries({ ...names, ...Object.fromEntries(declared), ...keys }));
    const { response, text } = await receiveLogin(connection);
    return { response, keys: new Map(decodePairs(text)) };
  }
}

function digestsOf(agreed: ReadonlyMap<string, string>): Digests {
  return {
    header: agreed.get('HeaderDigest') === 'CRC32C',
    data: agreed.get('DataDigest') === 'CRC32C',
  };
}

/** An immediate logout on `by`; gives the response code. */
export async function logout(by: RawSession, reason: number, connectionId = 0): Promise<number> {
  sendLogout(by, reason, connectionId);
  return decodeLogoutResponse((await by.receive(Opcode.logoutResponse)).header).response;
}

export function sendLogout(by: RawSession, reason: number, connectionId: number): void {
  const header = new Uint8Array(BHS_LENGTH);
  const counters = { cmdSN: by.cmdSN, expStatSN: 0 };
  encodeLogoutRequest(
    { immediate: true, reason, initiatorTaskTag: 0x500, connectionId, ...counters },
    header,
  );
  by.connection.send(header);
}

/** An immediate task management function on `by`; gives the response code when it comes. */
export function sendFunction(
  by: RawSession,
  what: number,
  tag = 0xffffffff,
  refCmdSN = 0,
  expDataSN = 0,
): void {
  const header = new Uint8Array(BHS_LENGTH);
  const tags = { initiatorTaskTag: 0x600, referencedTaskTag: tag };
  const counters = { cmdSN: by.cmdSN, expStatSN: 0, refCmdSN, expDataSN };
  encodeTaskManagementRequest({ immediate: true, function: what, lun: by.lun, ...tags, ...counters }, header);
  by.connection.send(header);
}

export async function functionResponse(by: RawSession): Promise<number> {
  return decodeTaskManagementResponse((await by.receive(Opcode.taskManagementResponse)).header).response;
}

/** Over a router of the test's. */
export function withSession(
  body: (session: ManyConnections, router: ManualRouter) => Promise<void>,
  keys: Record<string, string> = {},
): Promise<void> {
  const router = new ManualRouter();
  return withTarget({ router }, async (target) => {
    const session = await ManyConnections.open(target, keys);
    await body(session, router);
    for (const { connection } of session.all) connection.destroy();
  });
}

/** Answers the target's ping that comes next. */
export async function answerPing(by: RawSession): Promise<void> {
  assert(answersPing(by.connection, await by.receive(Opcode.nopIn)));
}

/** Answers the PDU if it is a ping of the target's, which counts in no order. */
export function answersPing(on: PduConnection, pdu: Pdu): boolean {
  const ping = pdu.opcode === Opcode.nopIn ? decodeNopIn(pdu.header) : null;
  if (ping === null || ping.initiatorTaskTag !== NO_TAG || ping.targetTransferTag === NO_TAG) return false;
  const header = new Uint8Array(BHS_LENGTH);
  const tags = { lun: ping.lun, initiatorTaskTag: NO_TAG, targetTransferTag: ping.targetTransferTag };
  encodeNopOut({ immediate: true, dataSegmentLength: 0, ...tags, cmdSN: 0, expStatSN: 0 }, header);
  on.send(header);
  return true;
}
