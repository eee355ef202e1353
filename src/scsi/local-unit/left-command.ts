import type { Command } from '../logical-unit.ts';

/** No initiator task tag is this one. */
const NO_TASK_TAG = -1;
const nothing = (): void => {};

/** Takes the place of a command that has ended while the store still works for its task: its transport may reuse the object. */
export function leftCommand({ nexus, taskAttribute }: Command): Command {
  return {
    nexus,
    taskAttribute,
    cdb: new Uint8Array(16),
    tag: NO_TASK_TAG,
    dataOutLength: 0,
    dataInLength: 0,
    unsolicitedLength: 0,
    dataInCredit: 0,
    readSetLength: 0,
    timing: null,
    receiveDataOut: nothing,
    sendDataIn: (_offset, data) => data.release(),
    complete: nothing,
    outcomeUnknown: nothing,
    aborted: nothing,
  };
}
