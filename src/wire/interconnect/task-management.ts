/** TASK_MANAGEMENT and its response (docs/interconnect.md section 6). */
import { putU32, u8, u32 } from './frame.ts';

export interface TaskManagementParameters {
  readonly nexus: number;
  readonly unit: number;
  readonly function: number;
  readonly tag: number;
}

export function encodeTaskManagement(what: TaskManagementParameters, bytes: Uint8Array, at: number): number {
  putU32(bytes, at, what.nexus);
  putU32(bytes, at + 4, what.unit);
  bytes[at + 8] = what.function;
  putU32(bytes, at + 9, what.tag);
  return 13;
}

/** `null`: no such function. */
export function decodeTaskManagement(parameters: Uint8Array): TaskManagementParameters | null {
  const what = u8(parameters, 8);
  if (what < 1 || what > 5) return null;
  return { nexus: u32(parameters, 0), unit: u32(parameters, 4), function: what, tag: u32(parameters, 9) };
}

/** The owner's answer, by the numbers of RFC 7143 11.6.1. */
export const TaskManagementAnswer = { complete: 0, taskDoesNotExist: 1, rejected: 5 } as const;
export type TaskManagementAnswer = (typeof TaskManagementAnswer)[keyof typeof TaskManagementAnswer];
