/**
 * What comes before the first frame of a link: the FCIP special frame and its echo (RFC 3821 7), then the logins of two
 * N_Ports point to point (FC-LS-2 6.2, 6.3): both send FLOGI, the one with the greater name assigns the addresses with
 * PLOGI, and logs in the FCP process with PRLI.
 */
import {
  FABRIC_LOGIN,
  FcType,
  FrameControl,
  RoutingControl,
  UNASSIGNED,
} from '../../../wire/fc/frame-header.ts';
import { decodePortLogin, Els, encodePortLogin, PORT_LOGIN_LENGTH } from '../../../wire/fc/port-login.ts';
import {
  brokenProcessLogin,
  encodeProcessLogin,
  PROCESS_LOGIN_LENGTH,
} from '../../../wire/fc/process-login.ts';
import type { SpecialFrame } from '../../../wire/fc/special-frame.ts';
import type { WorldWideName } from '../../../wire/fc/world-wide-name.ts';
import type { FcPort } from './fc-port.ts';
import type { FcUnit } from './sequence-assembly.ts';
import type { FcNames } from './world-wide-names.ts';

/** The addresses that the port with the greater name gives itself and the other one. */
const GREATER_ID = 0x000001;
const LESSER_ID = 0x000002;
/**
 * OX_ID and RX_ID of logins: none that a frame of the interconnect has, and another for each side, since both FLOGI come
 * from address 0.
 */
const LOGIN_EXCHANGE = 0xc000;
const ACCEPTING_SIDE = 0x1000;

export interface FcLoginParts {
  readonly port: FcPort;
  readonly names: FcNames;
  /** The dialing side knows whom it calls; the accepting side (null) learns it. */
  readonly partner: FcNames | null;
  readonly nonce: Uint8Array;
  /** Both ends are logged in: frames of the interconnect may go. */
  open(): void;
}

export class FcLogin {
  readonly #parts: FcLoginParts;
  #echoed = false;
  #partnerPort: WorldWideName | null = null;
  /** The login that we have sent and that has not been answered; 0 for none. */
  #asked = 0;
  #exchange: number;
  #fabricLoginAccepted = false;
  #addressed = false;

  constructor(parts: FcLoginParts) {
    this.#parts = parts;
    this.#exchange = LOGIN_EXCHANGE + (parts.partner === null ? ACCEPTING_SIDE : 0);
    if (parts.partner !== null) parts.port.sendSpecialFrame(this.#callingFrame(parts.partner));
  }

  specialFrame(frame: SpecialFrame): string | null {
    if (this.#echoed) return 'a second special frame';
    this.#echoed = true;
    const { partner } = this.#parts;
    return partner === null ? this.#called(frame) : this.#answered(frame, this.#callingFrame(partner));
  }

  /** A unit before the login is over: what is broken about it, or null. */
  unit(unit: FcUnit, bytes: Uint8Array): string | null {
    if (!this.#echoed) return 'a frame before the special frame';
    if (unit.type !== FcType.els) return 'a frame before the login';
    const command = bytes[0] ?? 0;
    if (unit.routingControl === RoutingControl.elsReply) return this.#reply(unit, command, bytes);
    if (unit.routingControl !== RoutingControl.elsRequest) return `R_CTL ${unit.routingControl} in a login`;
    switch (command) {
      case Els.fabricLogin:
        return this.#fabricLogin(unit, bytes);
      case Els.portLogin:
        return this.#portLogin(unit, bytes);
      case Els.processLogin:
        return this.#processLogin(unit, bytes);
      default:
        return `link service ${command} in a login`;
    }
  }

  #callingFrame(partner: FcNames): SpecialFrame {
    const { names, nonce } = this.#parts;
    const { node, port } = names;
    return { changed: false, source: node, sourceEntity: port, nonce, destination: partner.node };
  }

  /** Where the call was meant for another system, the echo says who this is, and both ends know why it ends. */
  #called(frame: SpecialFrame): string | null {
    const { port, names } = this.#parts;
    const right = frame.destination === names.node;
    port.sendSpecialFrame({ ...frame, changed: !right, destination: names.node });
    if (right) this.#request(Els.fabricLogin);
    else {
      const both = `the call is for ${frame.destination}, and this is ${names.node}`;
      port.leave(`${both}: the caller means another cluster or system`);
    }
    return null;
  }

  #answered(frame: SpecialFrame, sent: SpecialFrame): string | null {
    if (frame.changed) {
      const both = `the special frame was answered by ${frame.destination}, not ${sent.destination}`;
      return `${both}: the partner is of another cluster, or another system`;
    }
    const same =
      frame.source === sent.source &&
      frame.sourceEntity === sent.sourceEntity &&
      frame.destination === sent.destination &&
      sent.nonce.every((byte, at) => frame.nonce[at] === byte);
    if (!same) return 'an echo of another special frame';
    this.#request(Els.fabricLogin);
    return null;
  }

  #fabricLogin(unit: FcUnit, bytes: Uint8Array): string | null {
    const login = decodePortLogin(bytes);
    if (typeof login === 'string') return login;
    if (this.#partnerPort !== null) return 'a second FLOGI';
    const { names, partner } = this.#parts;
    const expected = partner === null || partner.port === login.portName;
    if (!expected || login.portName === names.port) return `a login of port ${login.portName}`;
    this.#partnerPort = login.portName;
    this.#accept(unit, this.#loginBytes(Els.accept));
    this.#loginTwo();
    return null;
  }

  #portLogin(unit: FcUnit, bytes: Uint8Array): string | null {
    const login = decodePortLogin(bytes);
    if (typeof login === 'string') return login;
    const mine = this.#partnerPort === null || this.#parts.names.port > this.#partnerPort;
    if (mine || !this.#fabricLoginAccepted || login.portName !== this.#partnerPort)
      return 'PLOGI out of turn';
    if (unit.source !== GREATER_ID || unit.destination !== LESSER_ID) return 'PLOGI of another address';
    this.#address(LESSER_ID, GREATER_ID);
    this.#accept(unit, this.#loginBytes(Els.accept));
    return null;
  }

  #processLogin(unit: FcUnit, bytes: Uint8Array): string | null {
    const broken = brokenProcessLogin(bytes);
    if (broken !== null) return broken;
    const { port, names } = this.#parts;
    const mine = names.port > (this.#partnerPort ?? '');
    if (!this.#addressed || mine || unit.source !== port.remoteId) return 'PRLI out of turn';
    this.#accept(unit, this.#processLoginBytes(Els.accept));
    this.#parts.open();
    return null;
  }

  #reply(unit: FcUnit, command: number, bytes: Uint8Array): string | null {
    const asked = this.#asked;
    this.#asked = 0;
    if (command !== Els.accept) return `a login was answered by link service ${command}`;
    if (asked === 0 || unit.originatorExchange !== this.#exchange) return 'an answer to no login';
    if (asked === Els.processLogin) {
      const broken = brokenProcessLogin(bytes);
      if (broken === null) this.#parts.open();
      return broken;
    }
    const login = decodePortLogin(bytes);
    if (typeof login === 'string') return login;
    if (asked === Els.portLogin) this.#request(Els.processLogin);
    else this.#fabricLoginAccepted = true;
    if (asked === Els.fabricLogin) this.#loginTwo();
    return null;
  }

  /** Both FLOGI have been accepted: the port with the greater name goes on. */
  #loginTwo(): void {
    if (!this.#fabricLoginAccepted || this.#partnerPort === null) return;
    if (this.#parts.names.port < this.#partnerPort) return;
    this.#address(GREATER_ID, LESSER_ID);
    this.#request(Els.portLogin);
  }

  #address(local: number, remote: number): void {
    this.#addressed = true;
    this.#parts.port.localId = local;
    this.#parts.port.remoteId = remote;
  }

  #request(command: number): void {
    this.#asked = command;
    this.#exchange++;
    const toFabric = command === Els.fabricLogin;
    const unit: FcUnit = {
      routingControl: RoutingControl.elsRequest,
      destination: toFabric ? FABRIC_LOGIN : null,
      source: toFabric ? 0 : null,
      type: FcType.els,
      frameControl: FrameControl.firstSequence | FrameControl.sequenceInitiative,
      sequenceCount: 0,
      originatorExchange: this.#exchange,
      responderExchange: UNASSIGNED,
      parameter: 0,
    };
    const bytes = command === Els.processLogin ? this.#processLoginBytes(command) : this.#loginBytes(command);
    this.#parts.port.send(unit, bytes);
  }

  #accept(request: FcUnit, bytes: Uint8Array): void {
    this.#parts.port.send(
      {
        routingControl: RoutingControl.elsReply,
        destination: request.source,
        source: request.destination,
        type: FcType.els,
        frameControl: FrameControl.responder | FrameControl.lastSequence,
        sequenceCount: 0,
        originatorExchange: request.originatorExchange,
        responderExchange: request.originatorExchange,
        parameter: 0,
      },
      bytes,
    );
  }

  #loginBytes(command: number): Uint8Array {
    const { port, node } = this.#parts.names;
    const bytes = new Uint8Array(PORT_LOGIN_LENGTH);
    encodePortLogin({ command, portName: port, nodeName: node }, bytes, 0);
    return bytes;
  }

  #processLoginBytes(command: number): Uint8Array {
    const bytes = new Uint8Array(PROCESS_LOGIN_LENGTH);
    encodeProcessLogin(command, bytes, 0);
    return bytes;
  }
}
