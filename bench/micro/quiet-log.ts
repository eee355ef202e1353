import type { Log } from '../../src/env/log.ts';

/** What is measured does not log on its way; what goes wrong shows in the numbers of commands. */
export const quietLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
