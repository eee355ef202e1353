/** istgt, a target of a thread for each session: its sample configuration, with a write cache as all others have it. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Processes, RunningProcess } from '../processes.ts';
import { UNIT_BYTES } from '../workloads.ts';
import type { Workspace } from '../workspace.ts';
import { freePorts } from './free-port.ts';
import type { Path, Peer } from './peer.ts';
import { untilItReads } from './until-it-reads.ts';

const BASE = 'iqn.2026-11.dev.crosspath';
const TARGET = 'bench-istgt';

export class Istgt implements Peer {
  readonly #processes: Processes;
  readonly #workspace: Workspace;
  #server: RunningProcess | null = null;

  constructor(processes: Processes, workspace: Workspace) {
    this.#processes = processes;
    this.#workspace = workspace;
  }

  async start(): Promise<readonly Path[]> {
    const file = await this.#workspace.unitFile('istgt.img');
    const folder = await this.#workspace.subfolder('istgt');
    const [portal = 0, control = 0] = await freePorts(2);
    const configuration = path.join(folder, 'istgt.conf');
    await writeFile(path.join(folder, 'auth.conf'), '');
    await writeFile(configuration, text(folder, file, portal, control));
    const args = ['-D', '-c', configuration, '-p', path.join(folder, 'pid')];
    const server = this.#processes.start('/usr/sbin/istgt', args);
    this.#server = server;
    const url = `iscsi://127.0.0.1:${portal}/${BASE}:${TARGET}/0`;
    await untilItReads(this.#processes, url, [server]);
    return [{ name: 'istgt', url, file, servers: [{ name: 'istgt', pid: server.pid }] }];
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

function text(folder: string, file: string, portal: number, control: number): string {
  return `[Global]
  NodeBase "${BASE}"
  AuthFile ${folder}/auth.conf
  MediaDirectory ${folder}
  LogFacility "local7"
  Timeout 30
  NopInInterval 20
  DiscoveryAuthMethod None
  MaxSessions 16
  MaxConnections 4
  MaxR2T 32
  MaxOutstandingR2T 16
  DefaultTime2Wait 2
  DefaultTime2Retain 60
  FirstBurstLength 262144
  MaxBurstLength 1048576
  MaxRecvDataSegmentLength 262144
  InitialR2T Yes
  ImmediateData Yes
  DataPDUInOrder Yes
  DataSequenceInOrder Yes
  ErrorRecoveryLevel 0
[UnitControl]
  AuthMethod None
  Portal UC1 127.0.0.1:${control}
  Netmask 127.0.0.1
[PortalGroup1]
  Portal DA1 127.0.0.1:${portal}
[InitiatorGroup1]
  InitiatorName "ALL"
  Netmask 127.0.0.0/8
[LogicalUnit1]
  TargetName ${TARGET}
  Mapping PortalGroup1 InitiatorGroup1
  AuthMethod None
  UseDigest Auto
  UnitType Disk
  LUN0 Storage ${file} ${UNIT_BYTES >> 20}MB
  LUN0 Option WriteCache Enable
`;
}
