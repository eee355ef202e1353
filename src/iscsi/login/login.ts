/**
 * The login phase (RFC 7143 6.3) as a state machine: a request in, one step out. No I/O, no clock. The caller
 * sends what the step says, and after 'finish' makes the session.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../env/random.ts';
import { IscsiLimits } from '../../limits.ts';
import type { TargetPort } from '../../scsi/target-port.ts';
import { type LoginRequest, LoginStage } from '../../wire/iscsi/login-request.ts';
import { LoginStatus } from '../../wire/iscsi/login-status.ts';
import { decodeText, encodeText, type TextKeys } from '../../wire/iscsi/text.ts';
import type { Access } from './access.ts';
import { Authentication, isSecurityKey } from './authentication.ts';
import { normalName } from './iscsi-name.ts';
import { inOrderOfDependence, isLeadingOnly, NOT_UNDERSTOOD, negotiate, REJECT } from './negotiation.ts';
import {
  DEFAULT_SEGMENT_LENGTH,
  defaultParameters,
  joiningParameters,
  type Parameters,
} from './parameters.ts';
import { TextInput, TextOutput } from './text-assembly.ts';

/** Who has logged in to what. */
export interface Identity {
  readonly initiatorName: string;
  readonly isid: string;
  /** Null in a discovery session. */
  readonly port: TargetPort | null;
}

/** A session that a login brings another connection to (RFC 7143 6.3.1). */
export interface JoinedSession {
  readonly identity: Identity;
  readonly parameters: Parameters;
  readonly numbering: { readonly expCmdSN: number; readonly maxCmdSN: number };
  /** Whether there is room for a connection with this id. */
  admits(connectionId: number): boolean;
}

export interface LoginContext {
  /** The port of a target name, if it is reached through this portal. */
  findPort(targetName: string): TargetPort | null;
  /** The session with this TSIH and ISID, if it exists here. */
  findSession(tsih: number, isid: string): JoinedSession | null;
  /** Where the target is to be reached instead (host:port), or null where it is nowhere else; undefined: here. */
  movedTo(identity: Identity): string | null | undefined;
  readonly access: Access;
  /** For challenges. */
  readonly random: Random;
}

export type LoginStep =
  | {
      readonly kind: 'answer';
      readonly text: Uint8Array;
      readonly continues: boolean;
      readonly transit: boolean;
      readonly nextStage: number;
    }
  /** As 'answer', and it leads to the full feature phase. */
  | { readonly kind: 'finish'; readonly text: Uint8Array }
  | { readonly kind: 'refuse'; readonly status: number; readonly why: string; readonly text: Uint8Array };

const TEXT_LIMITS = {
  maxKeyBytes: IscsiLimits.maxTextKeyBytes,
  maxValueBytes: IscsiLimits.maxTextValueBytes,
  maxKeys: IscsiLimits.maxTextKeys,
};
const NO_TEXT = new Uint8Array(0);
/** Before ours is declared, the initiator's default holds for what we send (13.12). */
const ANSWER_LENGTH = Math.min(IscsiLimits.loginDataSegmentLength, DEFAULT_SEGMENT_LENGTH);

export class Login {
  parameters: Parameters = defaultParameters();
  readonly #context: LoginContext;
  readonly #input = new TextInput();
  readonly #output = new TextOutput();
  readonly #offered = new Set<string>();
  #stage: number | null = null;
  #isid = '';
  #connectionId = 0;
  #tsih = 0;
  #joins: JoinedSession | null = null;
  #identity: Identity | null = null;
  /** What was said in the first request and holds for the whole login. */
  #said: TextKeys = new Map();
  #authentication: Authentication | null = null;
  #permitted = false;
  #declared = false;

  constructor(context: LoginContext) {
    this.#context = context;
  }

  /** Known from the first request on. */
  get identity(): Identity | null {
    return this.#identity;
  }

  /** The session that exists already; null: a new one begins. */
  get joins(): JoinedSession | null {
    return this.#joins;
  }

  request(pdu: LoginRequest, text: Uint8Array): LoginStep {
    const wrong = this.#stage === null ? this.#begin(pdu) : this.#checkSequence(pdu);
    if (wrong !== null) return wrong;
    if (this.#output.pending) {
      if (text.length > 0) return initiatorError('keys while an answer is continued');
      return this.#emit(pdu);
    }
    if (!this.#input.add(text)) return initiatorError('a text that is too long');
    if (pdu.continues) return moreOfTheText(pdu);
    const decoded = decodeText(this.#input.take(), TEXT_LIMITS);
    if (!decoded.ok) return initiatorError(decoded.mistake);
    return this.#accept(pdu, decoded.keys);
  }

  #begin(pdu: LoginRequest): LoginStep | null {
    if (pdu.versionMin > 0)
      return refuse(LoginStatus.unsupportedVersion, `version ${pdu.versionMin} or later`);
    if (pdu.tsih !== 0) {
      const session = this.#context.findSession(pdu.tsih, pdu.isid);
      if (session === null) return refuse(LoginStatus.sessionDoesNotExist, `no session ${pdu.tsih}`);
      if (!session.admits(pdu.connectionId)) {
        return refuse(LoginStatus.tooManyConnections, 'more connections than were agreed on');
      }
      this.#joins = session;
      this.#tsih = pdu.tsih;
      this.parameters = joiningParameters(session.parameters);
    }
    this.#stage = pdu.currentStage;
    this.#isid = pdu.isid;
    this.#connectionId = pdu.connectionId;
    return this.#checkSequence(pdu);
  }

  #checkSequence(pdu: LoginRequest): LoginStep | null {
    if (pdu.isid !== this.#isid || pdu.connectionId !== this.#connectionId || pdu.tsih !== this.#tsih) {
      return initiatorError('another session in the middle of a login');
    }
    if (pdu.currentStage !== this.#stage || pdu.currentStage > LoginStage.operational) {
      return refuse(LoginStatus.invalidDuringLogin, `stage ${pdu.currentStage} out of turn`);
    }
    if (!pdu.transit) return null;
    if (pdu.continues) return initiatorError('both T and C');
    const forward = pdu.nextStage > pdu.currentStage && pdu.nextStage !== LoginStage.reserved;
    return forward ? null : initiatorError(`from stage ${pdu.currentStage} to ${pdu.nextStage}`);
  }

  #accept(pdu: LoginRequest, keys: TextKeys): LoginStep {
    const answers: [string, string][] = [];
    if (this.#identity === null) {
      const wrong = this.#identify(pdu, keys);
      if (wrong !== null) return wrong;
      this.#announcePort(answers);
    }
    const failed = this.#authenticate(pdu, keys, answers);
    if (failed !== null) return failed;
    for (const [key, value] of inOrderOfDependence(keys)) {
      const wrong = this.#acceptKey(key, value, answers);
      if (wrong !== null) return wrong;
    }
    if (pdu.currentStage === LoginStage.operational) this.#declareOwn(answers);
    this.#output.set(encodeText(answers));
    return this.#emit(pdu);
  }

  /** Nothing else is looked at before the initiator has proved itself, if it has to. */
  #authenticate(pdu: LoginRequest, keys: TextKeys, answers: [string, string][]): LoginStep | null {
    const [identity, authentication] = [this.#identity, this.#authentication];
    assert(identity !== null && authentication !== null, 'the first request is accepted');
    if (pdu.currentStage === LoginStage.operational && !authentication.isDone) {
      return refuse(LoginStatus.authenticationFailure, 'no authentication before the operational stage');
    }
    const failure = authentication.request(keys, answers);
    if (failure !== null) return refuse(LoginStatus.authenticationFailure, failure);
    if (pdu.transit && authentication.isUntouched && !authentication.isDone) {
      return refuse(LoginStatus.authenticationFailure, 'no AuthMethod');
    }
    if (!authentication.isDone || this.#permitted) return null;
    const { initiatorName, port } = identity;
    if (!this.#context.access.permits(initiatorName, port)) {
      return refuse(LoginStatus.authorizationFailure, `${initiatorName} may not log in there`);
    }
    this.#permitted = true;
    const address = this.#context.movedTo(identity);
    return address === undefined ? null : elsewhere(address, answers);
  }

  #acceptKey(key: string, value: string, answers: [string, string][]): LoginStep | null {
    if (isSecurityKey(key) || key === 'InitiatorAlias') return null;
    const said = this.#said.get(key);
    // Some initiators say it in each stage (libiscsi does): it must be the same.
    if (said !== undefined) return said === value ? null : initiatorError(`another ${key}`);
    if (this.#offered.has(key)) return initiatorError(`${key} negotiated twice`);
    if (this.#offered.size === IscsiLimits.maxTextKeys) return initiatorError('too many keys');
    this.#offered.add(key);
    if (this.#joins !== null && isLeadingOnly(key)) {
      answers.push([key, REJECT]);
      return null;
    }
    const answer = negotiate(key, value, this.#identity?.port === null, this.parameters);
    if (answer !== null && !isAnswerWord(value)) answers.push([key, answer]);
    return null;
  }

  /** What the first request must say (RFC 7143 6.3.1). */
  #identify(pdu: LoginRequest, keys: TextKeys): LoginStep | null {
    const name = keys.get('InitiatorName');
    if (name === undefined) return refuse(LoginStatus.missingParameter, 'no InitiatorName');
    const initiatorName = normalName(name);
    if (initiatorName === null) return initiatorError('a malformed InitiatorName');
    const type = keys.get('SessionType') ?? 'Normal';
    if (type !== 'Normal' && type !== 'Discovery') {
      return refuse(LoginStatus.sessionTypeNotSupported, 'an unknown SessionType');
    }
    const target = keys.get('TargetName');
    let port: TargetPort | null = null;
    if (type === 'Normal') {
      if (target === undefined) return refuse(LoginStatus.missingParameter, 'no TargetName');
      port = this.#context.findPort(normalName(target) ?? '');
      if (port === null) return refuse(LoginStatus.notFound, 'no such target here');
    }
    const joined = this.#joins?.identity;
    if (joined !== undefined && (joined.initiatorName !== initiatorName || joined.port !== port)) {
      return refuse(LoginStatus.sessionDoesNotExist, `session ${pdu.tsih} is of other ports`);
    }
    this.#identity = { initiatorName, isid: pdu.isid, port };
    this.#said = new Map([
      ['InitiatorName', name],
      ['SessionType', type],
      ['TargetName', target ?? ''],
    ]);
    const { access, random } = this.#context;
    this.#authentication = new Authentication(access.chapOf(initiatorName), random);
    return null;
  }

  /** 13.9: with the first answer of a login to a target. */
  #announcePort(answers: [string, string][]): void {
    const port = this.#identity?.port ?? null;
    if (port !== null) answers.push(['TargetPortalGroupTag', String(port.portalGroupTag)]);
  }

  #declareOwn(answers: [string, string][]): void {
    if (this.#declared) return;
    this.#declared = true;
    this.parameters.maxReceiveSegmentLength = IscsiLimits.maxRecvDataSegmentLength;
    answers.push(['MaxRecvDataSegmentLength', String(IscsiLimits.maxRecvDataSegmentLength)]);
  }

  #emit(pdu: LoginRequest): LoginStep {
    const text = this.#output.take(ANSWER_LENGTH);
    const continues = this.#output.pending;
    const transit = pdu.transit && !continues && (this.#authentication?.isDone ?? false);
    if (transit && pdu.nextStage === LoginStage.fullFeature) return { kind: 'finish', text };
    if (transit) this.#stage = pdu.nextStage;
    return { kind: 'answer', text, continues, transit, nextStage: transit ? pdu.nextStage : 0 };
  }
}

/** An initiator's word about a key of ours, such as TargetPortalGroupTag=NotUnderstood: not an offer. */
function isAnswerWord(value: string): boolean {
  return value === NOT_UNDERSTOOD || value === 'Irrelevant' || value === REJECT;
}

function moreOfTheText(pdu: LoginRequest): LoginStep {
  return { kind: 'answer', text: NO_TEXT, continues: false, transit: false, nextStage: pdu.currentStage };
}

function refuse(status: number, why: string, text: Uint8Array = NO_TEXT): LoginStep {
  return { kind: 'refuse', status, why, text };
}

/** 11.13.5, and 13.8: without the portal group tag. `answers`: what proves the target, where it was asked to. */
function elsewhere(address: string | null, answers: readonly [string, string][]): LoginStep {
  if (address === null) return refuse(LoginStatus.serviceUnavailable, 'the system is stopping');
  const text = encodeText([...answers, ['TargetAddress', address]]);
  return refuse(LoginStatus.targetMovedTemporarily, `the system is stopping; sent to ${address}`, text);
}

function initiatorError(why: string): LoginStep {
  return refuse(LoginStatus.initiatorError, why);
}
