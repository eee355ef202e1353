/** The ways in which a hostile client logs in, each of them right. */
import { loginRequest, usualKeys } from '../../../client/login.ts';
import { LoginStage } from '../../../src/wire/iscsi/login-request.ts';
import { encodeText } from '../../../src/wire/iscsi/text.ts';
import { hex, type Pairs, proof } from '../../iscsi/support/chap-client.ts';
import { chap } from '../victim-file.ts';
import type { Turn } from './conversation.ts';
import { loginPdu } from './pdus.ts';
import type { HostileSession } from './session.ts';

export type LoginWay = 'one' | 'two' | 'pieces' | 'discovery' | 'chap' | 'mutual chap';
export type KeySet = 'usual' | 'r2t' | 'digests' | 'recovery' | 'several';

/** Where it goes, and as whom. */
export interface Party {
  /** LUNs of the units that the port shows. */
  readonly luns: readonly number[];
  readonly initiatorName: string;
  readonly targetName: string;
  readonly isid: string;
}

const digests = { HeaderDigest: 'CRC32C,None', DataDigest: 'CRC32C,None' };
const keySets: Readonly<Record<KeySet, Readonly<Record<string, string>>>> = {
  usual: {},
  r2t: { InitialR2T: 'Yes', ImmediateData: 'No' },
  digests,
  recovery: { ErrorRecoveryLevel: '1', ...digests },
  several: { MaxConnections: '4', ErrorRecoveryLevel: '1' },
};
/** Those that a connection says for itself; all others are the session's. */
const ofConnection = ['InitiatorName', 'SessionType', 'TargetName', 'MaxRecvDataSegmentLength'];
const names = ofConnection.slice(0, 3);
const security = { currentStage: LoginStage.security, nextStage: LoginStage.operational };

/** `connection`: 0 leads the session; others join it. */
export function loginTurns(way: LoginWay, keys: KeySet, connection: 0 | 1, party: Party): Turn[] {
  const { initiatorName, isid } = party;
  const targetName = way === 'discovery' ? null : party.targetName;
  const all = usualKeys({ initiatorName, targetName, keys: keySets[keys] });
  const pairs = connection === 0 ? all : all.filter(([key]) => ofConnection.includes(key));
  const turn = (
    changes: Parameters<typeof loginRequest>[0],
    text: Pairs | ((session: HostileSession) => Pairs),
  ): Turn => ({
    connection,
    after: 'answer',
    make(client) {
      client.again();
      const { tsih, cmdSN } = client.session;
      const said = typeof text === 'function' ? text(client.session) : text;
      const request = loginRequest({ isid, tsih, cmdSN, connectionId: connection, ...changes });
      return loginPdu(request, encodeText(said));
    },
  });
  const half = pairs.length >> 1;
  switch (way) {
    case 'two':
      return [turn(security, [...pairs.slice(0, 3), ['AuthMethod', 'None']]), turn({}, pairs.slice(3))];
    case 'pieces':
      return [turn({ transit: false, continues: true }, pairs.slice(0, half)), turn({}, pairs.slice(half))];
    case 'chap':
    case 'mutual chap': {
      const steps = { ...security, transit: false };
      const method: Pairs = [...pairs.filter(([key]) => names.includes(key)), ['AuthMethod', 'CHAP,None']];
      return [
        turn(steps, method),
        turn(steps, [['CHAP_A', way === 'chap' ? '5' : '7,5']]),
        turn(security, (session) => proofOf(session, way === 'mutual chap')),
        turn(
          {},
          pairs.filter(([key]) => !names.includes(key)),
        ),
      ];
    }
    default:
      return [turn({}, pairs)];
  }
}

/** Of what the target has asked; of zeroes where it has not. */
function proofOf({ loginKeys }: HostileSession, mutual: boolean): Pairs {
  const asked = {
    algorithm: loginKeys.get('CHAP_A') === '7' ? 7 : 5,
    identifier: Number(loginKeys.get('CHAP_I') ?? 0),
    bytes: Buffer.from((loginKeys.get('CHAP_C') ?? '').slice(2), 'hex'),
  };
  const own = { ...asked, identifier: 77, bytes: Buffer.alloc(24, 0x3c) };
  const back: Pairs = [
    ['CHAP_I', String(own.identifier)],
    ['CHAP_C', hex(own.bytes)],
  ];
  return [...proof(asked, chap.name, chap.secret), ...(mutual ? back : [])];
}
