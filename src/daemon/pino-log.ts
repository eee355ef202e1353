import { pino } from 'pino';
import type { Log } from '../env/log.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

const STDERR = 2;

/**
 * JSON lines to stderr: stdout belongs to what other tools read (a line per port, `ready`). Written at once, so that
 * the last line before a crash is there.
 */
export function createLog(system: string, level: LogLevel): Log {
  const options = { level, base: { system }, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, pino.destination({ dest: STDERR, sync: true }));
}
