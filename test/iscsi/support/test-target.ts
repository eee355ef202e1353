/** A portal on a loopback port of its own, over a real router and a unit in memory, or over a router of the test's. */
import assert from 'node:assert/strict';
import { type InitiatorOptions, IscsiInitiator } from '../../../client/iscsi-initiator.ts';
import { PduConnection } from '../../../client/pdu-connection.ts';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import type { Env } from '../../../src/env/env.ts';
import type { Log } from '../../../src/env/log.ts';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import type { Access } from '../../../src/iscsi/login/access.ts';
import type { DiscoveredTarget } from '../../../src/iscsi/portal/discovery.ts';
import { Portal } from '../../../src/iscsi/portal/portal.ts';
import { Stages } from '../../../src/latency/stages.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { Router } from '../../../src/scsi/router/router.ts';
import type { TargetPort } from '../../../src/scsi/target-port.ts';
import type { TaskRouter } from '../../../src/scsi/task-router.ts';
import { checked } from '../../../src/stores/layers/checked.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { HeldStore } from '../../support/held-store.ts';
import { silentLog, testOrder, testPort } from '../../support/scsi.ts';

export const LUN = 1;
export const BLOCK = 512;
const UNIT_BYTES = 64 * 1024 * 1024;
const HOST = '127.0.0.1';
export const INITIATOR = 'iqn.2026-11.test:one';

/** Everyone may log in. */
export const openAccess: Access = { chapOf: () => null, permits: () => true };

export interface TargetOptions {
  readonly router?: TaskRouter;
  readonly ports?: readonly TargetPort[];
  readonly discovery?: readonly DiscoveredTarget[];
  readonly env?: Env;
  readonly access?: Access;
  readonly log?: Log;
}

export class TestTarget {
  readonly portal: Portal;
  readonly pool = new BufferPool(8 * 1024 * 1024);
  /** Of the unit at LUN. Holds nothing back until the test says so. */
  readonly held: HeldStore;
  readonly ports: readonly TargetPort[];
  /** Every command is timed. */
  readonly stages: Stages;

  constructor(options: TargetOptions) {
    this.held = new HeldStore(new MemoryStore({ byteLength: UNIT_BYTES, blockLength: BLOCK }));
    this.held.holding = false;
    this.ports = options.ports ?? [testPort()];
    const env = options.env ?? nodeEnv();
    this.stages = new Stages(env.clock, 1, 1);
    this.portal = new Portal(env, {
      address: { transport: 'tcp', host: HOST, port: 0 },
      ports: this.ports,
      router: options.router ?? this.#router(),
      pool: this.pool,
      log: options.log ?? silentLog,
      stages: this.stages,
      receiveBuffer: new Uint8Array(65536),
      access: options.access ?? openAccess,
      discovery: () => options.discovery ?? [],
    });
  }

  #router(): Router {
    const description = { name: 'vol', owner: 'alpha', blockLength: BLOCK, byteLength: UNIT_BYTES };
    const identity = makeUnitIdentity('demo', description);
    const unit = new LocalUnit({
      identity,
      store: checked(this.held.store),
      pool: this.pool,
      clock: new NodeClock(),
      order: testOrder,
      log: silentLog,
    });
    return new Router({
      units: [{ lun: LUN, unit }],
      initiators: [],
      accessStates: { groups: () => [{ groupId: 1, state: 0, ports: [1] }], ports: () => this.ports },
      pool: this.pool,
      clock: new NodeClock(),
      order: testOrder,
    });
  }

  get port(): number {
    const { address } = this.portal;
    assert(address.transport === 'tcp');
    return address.port;
  }

  /** Logs in, to the first port unless told otherwise. */
  login(changes: Partial<InitiatorOptions> = {}): Promise<IscsiInitiator> {
    const targetName = this.ports[0]?.targetName ?? null;
    return IscsiInitiator.connect({
      host: HOST,
      port: this.port,
      initiatorName: INITIATOR,
      targetName,
      ...changes,
    });
  }

  /** A connection without a login. */
  connect(): Promise<PduConnection> {
    return PduConnection.connect(HOST, this.port);
  }
}

/** Runs `body` with a target that listens, and closes it. */
export async function withTarget(
  options: TargetOptions,
  body: (target: TestTarget) => Promise<void>,
): Promise<void> {
  const target = new TestTarget(options);
  await target.portal.listen();
  try {
    await body(target);
  } finally {
    target.held.open();
    await target.portal.close();
  }
}

/** A second client logs in, writes and reads: the target is well. */
export async function assertServes(target: TestTarget): Promise<void> {
  const client = await target.login({ initiatorName: 'iqn.2026-11.test:witness' });
  const ready = await client.command(LUN, new Uint8Array(6));
  // A new nexus may hear of a unit attention first.
  if (ready.status !== 0) assert.equal((await client.command(LUN, new Uint8Array(6))).status, 0);
  await client.logout();
}

/** One turn of the loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
