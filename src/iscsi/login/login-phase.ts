/** A connection that has not logged in (RFC 7143 6.3): brings requests to the state machine, and sends its steps. */
import type { Clock, Timer } from '../../env/clock.ts';
import { IscsiLimits } from '../../limits.ts';
import { BHS_LENGTH, initiatorTaskTag, opcodeOf } from '../../wire/iscsi/bhs.ts';
import { decodeLoginRequest, type LoginRequest, LoginStage } from '../../wire/iscsi/login-request.ts';
import { encodeLoginResponse } from '../../wire/iscsi/login-response.ts';
import { LoginStatus, loginStatusName } from '../../wire/iscsi/login-status.ts';
import { Opcode, opcodeName } from '../../wire/iscsi/opcode.ts';
import { next } from '../../wire/iscsi/serial-number.ts';
import type { Connection, Phase } from '../connection/connection.ts';
import { Login, type LoginContext } from './login.ts';
import type { Parameters } from './parameters.ts';

/** A login that has succeeded but for its last answer. */
export interface LoggedIn {
  readonly login: Login;
  readonly parameters: Parameters;
  readonly connectionId: number;
  readonly cmdSN: number;
  /** Of the first answer in the session. */
  readonly statSN: number;
}

export interface LoginHost extends LoginContext {
  /** Why this connection may not log in (LoginStatus), or null. */
  refusal(): number | null;
  /** Ends the session, or connection, that this one takes the place of, then calls `admitted` with the TSIH. */
  admit(login: Login, connectionId: number, admitted: (tsih: number) => void): void;
  /** The full feature phase begins; the last answer has been sent. */
  begin(tsih: number, loggedIn: LoggedIn): void;
}

const NO_BYTES = new Uint8Array(0);

export class LoginPhase implements Phase {
  readonly #connection: Connection;
  readonly #host: LoginHost;
  readonly #login: Login;
  readonly #timer: Timer;
  #text: Uint8Array = NO_BYTES;
  #statSN = 0;
  /** The last request is here, and an older session is being ended. */
  #admitting = false;

  constructor(connection: Connection, host: LoginHost, clock: Clock) {
    this.#connection = connection;
    this.#host = host;
    this.#login = new Login(host);
    this.#timer = clock.after(IscsiLimits.loginMilliseconds, () => connection.drop('login took too long'));
  }

  beginPdu(header: Uint8Array, length: number): Uint8Array | null {
    if (opcodeOf(header) !== Opcode.loginRequest) {
      this.#refuse(header, LoginStatus.invalidDuringLogin, `${opcodeName(opcodeOf(header))} before login`);
      return null;
    }
    if (this.#admitting) {
      this.#connection.drop('a request behind the last one of a login');
      return null;
    }
    this.#text = length === 0 ? NO_BYTES : new Uint8Array(length);
    return length === 0 ? null : this.#text;
  }

  endPdu(header: Uint8Array): void {
    const refusal = this.#host.refusal();
    if (refusal !== null) return this.#refuse(header, refusal, 'too many connections');
    if (header.length > BHS_LENGTH) {
      return this.#refuse(header, LoginStatus.initiatorError, 'a login request with additional headers');
    }
    const pdu = decodeLoginRequest(header);
    const step = this.#login.request(pdu, this.#text);
    switch (step.kind) {
      case 'refuse':
        return this.#refuse(header, step.status, step.why, step.text);
      case 'answer':
        return this.#answer(pdu, step.text, step);
      case 'finish':
        return this.#finish(pdu, step.text);
      default:
        step satisfies never;
    }
  }

  badData(): void {
    this.#connection.drop('a login request that is too long');
  }

  closed(reason: string): void {
    this.#timer.cancel();
    const remote = this.#connection.stream.remoteAddress;
    this.#connection.log.debug({ remote, reason }, 'connection closed before it had logged in');
  }

  #finish(pdu: LoginRequest, text: Uint8Array): void {
    this.#admitting = true;
    this.#host.admit(this.#login, pdu.connectionId, (tsih) => {
      if (this.#connection.closing) return;
      this.#timer.cancel();
      const last = { transit: true, continues: false, nextStage: LoginStage.fullFeature };
      this.#answer(pdu, text, last, tsih);
      const { connectionId, cmdSN } = pdu;
      const { parameters } = this.#login;
      const loggedIn = { login: this.#login, parameters, connectionId, cmdSN, statSN: this.#statSN };
      this.#host.begin(tsih, loggedIn);
    });
  }

  #answer(
    pdu: LoginRequest,
    text: Uint8Array,
    how: { readonly transit: boolean; readonly continues: boolean; readonly nextStage: number },
    tsih = pdu.tsih,
  ): void {
    const answer = {
      transit: how.transit,
      continues: how.continues,
      currentStage: pdu.currentStage,
      nextStage: how.nextStage,
      dataSegmentLength: text.length,
      isid: pdu.isid,
      tsih,
      initiatorTaskTag: pdu.initiatorTaskTag,
      statSN: this.#nextStatSN(),
      expCmdSN: this.#login.joins?.numbering.expCmdSN ?? pdu.cmdSN,
      maxCmdSN: this.#login.joins?.numbering.maxCmdSN ?? pdu.cmdSN,
      status: LoginStatus.success,
    };
    encodeLoginResponse(answer, this.#connection.header);
    this.#connection.send(text, null);
  }

  /** `header`: of any PDU, since anything may come first. */
  #refuse(header: Uint8Array, status: number, why: string, text: Uint8Array = NO_BYTES): void {
    const { stream, log } = this.#connection;
    const initiator = this.#login.identity?.initiatorName;
    const fields = { remote: stream.remoteAddress, initiator, status: loginStatusName(status) };
    log.info(fields, `login refused: ${why}`);
    const pdu = decodeLoginRequest(header);
    const isLogin = opcodeOf(header) === Opcode.loginRequest;
    const answer = {
      transit: false,
      continues: false,
      currentStage: isLogin ? pdu.currentStage : 0,
      nextStage: 0,
      dataSegmentLength: text.length,
      isid: isLogin ? pdu.isid : '000000000000',
      tsih: isLogin ? pdu.tsih : 0,
      initiatorTaskTag: initiatorTaskTag(header),
      statSN: this.#nextStatSN(),
      expCmdSN: pdu.cmdSN,
      maxCmdSN: pdu.cmdSN,
      status,
    };
    encodeLoginResponse(answer, this.#connection.header);
    this.#connection.send(text, null);
    this.#connection.finish();
  }

  #nextStatSN(): number {
    const statSN = this.#statSN;
    this.#statSN = next(statSN);
    return statSN;
  }
}
