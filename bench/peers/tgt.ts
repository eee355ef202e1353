/**
 * tgt, the usual user-space target: its rdwr backing store (the page cache), and defaults for all else; or tuned, with one I/O thread in place of
 * sixteen, and data segments of 256 KiB in place of 8.
 */
import path from 'node:path';
import type { Processes, RunningProcess } from '../processes.ts';
import type { Workspace } from '../workspace.ts';
import { freePorts } from './free-port.ts';
import type { Path, Peer } from './peer.ts';

const TARGET = 'iqn.2026-11.dev.crosspath:bench-tgt';
const TUNED_LENGTHS = ['MaxRecvDataSegmentLength', 'MaxXmitDataSegmentLength', 'FirstBurstLength'];
/** The control socket is in a folder of its own, so that any number will do. */
const CONTROL_PORT = '1';
const TRIES = 50;
const TRY_MILLISECONDS = 100;

export class Tgt implements Peer {
  readonly #processes: Processes;
  readonly #workspace: Workspace;
  readonly #tuned: boolean;
  readonly #name: string;
  #server: RunningProcess | null = null;

  constructor(processes: Processes, workspace: Workspace, tuned: boolean) {
    this.#processes = processes;
    this.#workspace = workspace;
    this.#tuned = tuned;
    this.#name = tuned ? 'tgt-tuned' : 'tgt';
  }

  async start(): Promise<readonly Path[]> {
    const file = await this.#workspace.unitFile(`${this.#name}.img`);
    const [portal = 0] = await freePorts(1);
    const args = ['-f', '-C', CONTROL_PORT, '--iscsi', `portal=127.0.0.1:${portal}`];
    const threads = this.#tuned ? ['-t', '1'] : [];
    const server = this.#processes.start('tgtd', [...args, ...threads], this.#environment());
    this.#server = server;
    await this.#untilItAnswers(server);
    await this.#admin('--op new --mode target --tid 1', '-T', TARGET);
    for (const length of this.#tuned ? TUNED_LENGTHS : [])
      await this.#admin(`--op update --mode target --tid 1 --name ${length} --value 262144`);
    await this.#admin('--op new --mode logicalunit --tid 1 --lun 1 --bstype rdwr', '-b', file);
    await this.#admin('--op bind --mode target --tid 1 -I ALL');
    const url = `iscsi://127.0.0.1:${portal}/${TARGET}/1`;
    return [{ name: this.#name, url, file, servers: [{ name: this.#name, pid: server.pid }] }];
  }

  async stop(): Promise<void> {
    // It lets SIGTERM pass, and keeps nothing that it would have to save.
    this.#server?.kill('SIGKILL');
    await this.#server?.ended;
  }

  async #untilItAnswers(server: RunningProcess): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#admin('--op show --mode target');
      } catch (error) {
        if (!server.isRunning || tries === TRIES)
          throw new Error(`tgtd does not answer:\n${server.output}`, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, TRY_MILLISECONDS));
      }
    }
  }

  async #admin(operation: string, ...more: string[]): Promise<void> {
    const args = ['-C', CONTROL_PORT, '--lld', 'iscsi', ...operation.split(' '), ...more];
    await this.#processes.run('tgtadm', args, 10, this.#environment());
  }

  /** Its control socket goes with the other files of the run. */
  #environment() {
    return { environment: { TGT_IPC_SOCKET: path.join(this.#workspace.folder, `${this.#name}-control`) } };
  }
}
