/** The initiator's side of a login without authentication (RFC 7143 6.3). */
import { BHS_LENGTH } from '../src/wire/iscsi/bhs.ts';
import { encodeLoginRequest, type LoginRequest, LoginStage } from '../src/wire/iscsi/login-request.ts';
import { decodeLoginResponse, type LoginResponse } from '../src/wire/iscsi/login-response.ts';
import { LoginStatus, loginStatusName } from '../src/wire/iscsi/login-status.ts';
import { Opcode } from '../src/wire/iscsi/opcode.ts';
import { decodePairs, encodeText } from '../src/wire/iscsi/text.ts';
import type { PduConnection } from './pdu-connection.ts';

/** `status`: wire/iscsi/login-status.ts. */
export class LoginError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`login refused: ${loginStatusName(status)}`);
    this.status = status;
  }
}

export interface LoginOptions {
  readonly initiatorName: string;
  /** Null: a discovery session. */
  readonly targetName: string | null;
  /** 12 hexadecimal digits. */
  readonly isid?: string;
  /** Keys to offer beyond, or in place of, the usual ones. */
  readonly keys?: Readonly<Record<string, string>>;
}

export interface LoginResult {
  readonly tsih: number;
  /** What the target answered. */
  readonly keys: ReadonlyMap<string, string>;
  readonly cmdSN: number;
  readonly maxCmdSN: number;
  readonly statSN: number;
}

const DEFAULT_ISID = '800000000001';
const FIRST_CMD_SN = 1;
const RECEIVE_SEGMENT_LENGTH = 262_144;

/** A request of the operational stage that asks for the full feature phase. */
export function loginRequest(changes: Partial<LoginRequest> = {}): LoginRequest {
  return {
    transit: true,
    continues: false,
    currentStage: LoginStage.operational,
    nextStage: LoginStage.fullFeature,
    versionMax: 0,
    versionMin: 0,
    dataSegmentLength: 0,
    isid: DEFAULT_ISID,
    tsih: 0,
    initiatorTaskTag: 0,
    connectionId: 0,
    cmdSN: FIRST_CMD_SN,
    expStatSN: 0,
    ...changes,
  };
}

/** The keys of an initiator that uses all that the target allows. */
export function usualKeys(options: LoginOptions): [string, string][] {
  const normal: Record<string, string> = {
    InitialR2T: 'No',
    ImmediateData: 'Yes',
    MaxBurstLength: '1048576',
    FirstBurstLength: '262144',
  };
  const keys: Record<string, string> = {
    InitiatorName: options.initiatorName,
    SessionType: options.targetName === null ? 'Discovery' : 'Normal',
    ...(options.targetName === null ? {} : { TargetName: options.targetName, ...normal }),
    HeaderDigest: 'None',
    DataDigest: 'None',
    MaxRecvDataSegmentLength: String(RECEIVE_SEGMENT_LENGTH),
    ...options.keys,
  };
  return Object.entries(keys);
}

/** Sends one login request with these keys. */
export function sendLogin(
  connection: PduConnection,
  request: LoginRequest,
  pairs: Iterable<readonly [string, string]> | Uint8Array,
): void {
  const text = pairs instanceof Uint8Array ? pairs : encodeText(pairs);
  const header = new Uint8Array(BHS_LENGTH);
  encodeLoginRequest({ ...request, dataSegmentLength: text.length }, header);
  connection.send(header, text);
}

export async function receiveLogin(
  connection: PduConnection,
): Promise<{ readonly response: LoginResponse; readonly text: Uint8Array }> {
  const pdu = await connection.receive();
  if (pdu === null) throw new Error('the target closed the connection during login');
  if (pdu.opcode !== Opcode.loginResponse) throw new Error(`opcode ${pdu.opcode} during login`);
  return { response: decodeLoginResponse(pdu.header), text: pdu.data };
}

/** Logs in, and switches the digests on where they were agreed. Throws LoginError where the target refuses. */
export async function login(connection: PduConnection, options: LoginOptions): Promise<LoginResult> {
  const isid = options.isid ?? DEFAULT_ISID;
  sendLogin(connection, loginRequest({ isid }), usualKeys(options));
  const texts: Uint8Array[] = [];
  for (;;) {
    const { response, text } = await receiveLogin(connection);
    if (response.status !== LoginStatus.success) throw new LoginError(response.status);
    texts.push(text);
    if (response.transit) {
      const keys = new Map(decodePairs(Buffer.concat(texts)));
      const header = keys.get('HeaderDigest') === 'CRC32C';
      connection.digests = { header, data: keys.get('DataDigest') === 'CRC32C' };
      const { tsih, maxCmdSN, statSN } = response;
      return { tsih, keys, cmdSN: FIRST_CMD_SN, maxCmdSN, statSN };
    }
    sendLogin(connection, loginRequest({ isid }), []);
  }
}
