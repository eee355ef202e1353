/** HAProxy in TCP mode in front of the port of a unit's owner: what a proxy costs that knows nothing of iSCSI. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Processes, RunningProcess } from '../processes.ts';
import type { Workspace } from '../workspace.ts';
import { freePorts } from './free-port.ts';
import type { Path, Peer } from './peer.ts';
import { untilItReads } from './until-it-reads.ts';

export class HaProxy implements Peer {
  readonly #processes: Processes;
  readonly #workspace: Workspace;
  readonly #behind: () => Path;
  #server: RunningProcess | null = null;

  /** `behind`: the path to the owner's port, which is there by the time of `start`. */
  constructor(processes: Processes, workspace: Workspace, behind: () => Path) {
    this.#processes = processes;
    this.#workspace = workspace;
    this.#behind = behind;
  }

  async start(): Promise<readonly Path[]> {
    const { url: ownUrl, file, servers } = this.#behind();
    const { host, pathname } = new URL(ownUrl);
    const [port = 0] = await freePorts(1);
    const configuration = path.join(await this.#workspace.subfolder('haproxy'), 'haproxy.cfg');
    await writeFile(configuration, text(port, host));
    const server = this.#processes.start('/usr/sbin/haproxy', ['-db', '-f', configuration]);
    this.#server = server;
    const url = `iscsi://127.0.0.1:${port}${pathname}`;
    await untilItReads(this.#processes, url, [server]);
    return [{ name: 'haproxy', url, file, servers: [{ name: 'haproxy', pid: server.pid }, ...servers] }];
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** One thread, as each of our systems has; splicing, which it does for nothing, where it can. */
function text(port: number, host: string): string {
  return `global
  nbthread 1
  maxconn 1000
defaults
  mode tcp
  option splice-auto
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen owner
  bind 127.0.0.1:${port}
  server owner ${host}
`;
}
