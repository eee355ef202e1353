/** Who plays gamma on one link: sends right frames, changed as a mutation says, and hears what comes back. */
import { emptyHeader, FrameType, HEADER_LENGTH, sealFrame } from '../../../src/wire/interconnect/frame.ts';
import type { Mutation } from '../mutation.ts';
import { CLUSTER_NAME } from '../victim-file.ts';
import type { Frame } from './frame.ts';

export const gamma = { cluster: CLUSTER_NAME, name: 'gamma', incarnation: 'aaaaaaaa00000001' };

export type Heard = (type: number, exchange: number, parameters: Uint8Array, payload: Uint8Array) => void;

export interface Peer {
  /** The link's, once WELCOME has come. */
  generation: number;
  readonly closed: Promise<void>;
  /** All that went out so far can be read to its end. */
  readonly isInStep: boolean;
  /** What went out and must have ended the link; and what was taken and must not be. */
  readonly broken: string | null;
  readonly overlooked: string | null;
  /** Sends the frame, as the mutation has made it if there is one. Gives what that was. */
  send(frame: Frame, mutation: Mutation): Promise<string | null>;
  destroy(): void;
}

/** Header and parameters as they go over TCP, on a link of that generation. */
export function sealed({ type, flags, exchange, parameters, payload }: Frame, ofLink: number): Uint8Array {
  const header = new Uint8Array(HEADER_LENGTH + parameters.length);
  header.set(parameters, HEADER_LENGTH);
  const generation = type === FrameType.hello ? 0 : ofLink;
  const lengths = { parametersLength: parameters.length, payloadLength: payload.length };
  sealFrame(header, { ...emptyHeader(), type, flags, exchange, generation, ...lengths });
  return header;
}
