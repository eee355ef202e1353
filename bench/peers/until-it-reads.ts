import type { Processes, RunningProcess } from '../processes.ts';

const TRIES = 100;
const TRY_MILLISECONDS = 100;
const READ_SECONDS = 10;

/** Resolves when a unit can be read; rejects, with what its servers have said, where that takes too long or one of them has ended. */
export async function untilItReads(
  processes: Processes,
  url: string,
  servers: readonly RunningProcess[],
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await processes.run('qemu-img', ['bench', '-f', 'raw', '-c', '1', '-d', '1', url], READ_SECONDS);
      return;
    } catch (error) {
      const output = servers.map((server) => server.output).join('\n');
      if (tries === TRIES || servers.some((server) => !server.isRunning))
        throw new Error(`${url} can not be read; its servers said:\n${output}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, TRY_MILLISECONDS));
    }
  }
}
