/** The process of one storage system: signals, its state folder, what it prints, and how it ends. */
import type { Log } from '../env/log.ts';
import { type KeyRing, NO_KEYS } from '../env/node/key-ring.ts';
import { nodeEnv } from '../env/node/node-env.ts';
import { exitAtOnce } from '../sys/exit.ts';
import type { ClusterConfig, SystemConfig } from './config/cluster-config.ts';
import { openDiskCalls } from './disk-calls.ts';
import { FileKeyRing, keyFilePath } from './key-file.ts';
import { createLog, type LogLevel } from './pino-log.ts';
import type { RunningSystem } from './running-system.ts';
import { takeStateFolder } from './state-folder.ts';
import { startSystem } from './system.ts';
import { UserError } from './user-error.ts';

/**
 * Ended because it was told to, a user's mistake, a bug of ours (EX_SOFTWARE of sysexits.h), a store that could not be flushed and closed
 * (EX_IOERR), told to twice.
 */
const Exit = { stopped: 0, userError: 1, bug: 70, storeNotClosed: 74, forced: 130 } as const;
const A_BUG = 'a bug: the system stops here';

export interface RunOptions {
  readonly version: string;
  readonly logLevel: LogLevel;
  /** The configuration as it is now. Throws a UserError. */
  readonly readConfig: () => ClusterConfig;
}

/**
 * Runs one system until SIGTERM, SIGINT, or the end of the process that started it. Prints a line for each port that
 * listens, then `ready`. Gives the exit code; a bug ends the process at once.
 */
export async function runSystem(config: ClusterConfig, name: string, options: RunOptions): Promise<number> {
  const log = createLog(name, options.logLevel);
  process.on('uncaughtException', (error) => {
    log.error({ err: error }, A_BUG);
    exitAtOnce(Exit.bug);
  });
  const stopAsked = whenToldToStop();
  try {
    const system = systemOf(config, name);
    const release = takeStateFolder(system.stateFolder);
    const env = nodeEnv({
      keys: keyRingOf(config, name, log),
      disks: openDiskCalls(system, log),
      pollMilliseconds: system.pollMilliseconds,
    });
    const running = await startSystem(config, name, env, log, options);
    announce(running);
    await stopAsked;
    log.info({}, 'stopping');
    const isClean = await running.stop();
    // The state folder stays this process's: its disk may hold it here for longer.
    if (!isClean) exitAtOnce(Exit.storeNotClosed);
    release();
    return Exit.stopped;
  } catch (error) {
    if (error instanceof UserError) {
      process.stderr.write(`crosspath: ${name}: ${error.message}\n`);
      return Exit.userError;
    }
    log.error({ err: error }, A_BUG);
    return Exit.bug;
  }
}

function keyRingOf(config: ClusterConfig, name: string, log: Log): KeyRing {
  const usesTls = config.systems.some(({ interconnect }) =>
    interconnect.some(({ transport }) => transport === 'tls'),
  );
  if (!usesTls || config.keysFolder === null) return NO_KEYS;
  return new FileKeyRing(keyFilePath(config.keysFolder, name), name, log);
}

function systemOf(config: ClusterConfig, name: string): SystemConfig {
  const system = config.systems.find((candidate) => candidate.name === name);
  if (system === undefined) throw new UserError(`the configuration has no system "${name}"`);
  return system;
}

function announce(running: RunningSystem): void {
  for (const port of running.listening) {
    process.stdout.write(
      `${port.port} (${port.kind}) listens on ${port.portal} as ${port.targetName}, portal group ${port.portalGroupTag}\n`,
    );
  }
  process.stdout.write('ready\n');
}

/** Resolves at the first request to stop. The second one ends the process without more ado. */
function whenToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    let told = false;
    const tell = () => {
      if (told) exitAtOnce(Exit.forced);
      told = true;
      resolve();
    };
    process.on('SIGTERM', tell);
    process.on('SIGINT', tell);
    // Where `crosspath start` runs us, the channel to it closes when it dies, even by kill -9.
    process.once('disconnect', resolve);
  });
}
