import assert from 'node:assert/strict';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { AccessState, type TargetPortGroup } from '../../../src/scsi/access-states.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import type { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { Router } from '../../../src/scsi/router/router.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { u32 } from '../../../src/wire/scsi/bytes.ts';
import { decodeLun } from '../../../src/wire/scsi/lun.ts';
import { silentLog, testOrder, testPort } from '../../support/scsi.ts';
import { type Outcome, TestCommand, type TestCommandOptions } from '../../support/test-command.ts';

export const BLOCK = 512;
export const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
export const REPORT_LUNS = [0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
export const INQUIRY = [0x12, 0, 0, 0, 255, 0];
export const REQUEST_SENSE = [0x03, 0, 0, 0, 252, 0];
export const REPORT_GROUPS = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0];

/** Of another system. */
export const betaPort = testPort({
  name: 'beta-proxy',
  system: 'beta',
  targetName: 'iqn.test:beta',
  relativeId: 0x103,
  groupId: 2,
  portalGroupTag: 5,
});

export const pool = new BufferPool(1 << 20);

export function localUnit(name: string): LocalUnit {
  const store = new MemoryStore({ byteLength: 1 << 20, blockLength: BLOCK });
  const description = { name, owner: 'alpha', blockLength: BLOCK, byteLength: 1 << 20 };
  return new LocalUnit({
    identity: makeUnitIdentity('demo', description),
    store,
    pool,
    clock: new NodeClock(),
    order: testOrder,
    log: silentLog,
  });
}

/** The same unit as another system sees it: a stand-in for a proxied unit. */
function elsewhere(unit: LocalUnit): LogicalUnit {
  return {
    identity: unit.identity,
    isLocal: false,
    descriptorSense: unit.descriptorSense,
    execute: (command) => unit.execute(command),
    manage: (...given) => unit.manage(...given),
    nexusLost: (nexus, why) => unit.nexusLost(nexus, why),
    takeUnitAttention: (nexus) => unit.takeUnitAttention(nexus),
    establishUnitAttention: (attention, except) => unit.establishUnitAttention(attention, except),
  };
}

export function setUp(moreGroups: readonly TargetPortGroup[] = []) {
  const units = { a: localUnit('vol-a'), b: localUnit('vol-b'), c: localUnit('vol-c') };
  const router = new Router({
    units: [
      { lun: 1, unit: units.a },
      { lun: 2, unit: elsewhere(units.b) },
      { lun: 300, unit: units.c },
    ],
    initiators: [
      {
        name: 'iqn.test:own',
        luns: new Map([
          [0, 'vol-b'],
          [7, 'vol-c'],
        ]),
      },
    ],
    accessStates: {
      groups: () => [
        { groupId: 1, state: AccessState.activeOptimized, ports: [1, 2] },
        { groupId: 2, state: AccessState.activeNonOptimized, ports: [3] },
        ...moreGroups,
      ],
      ports: () => [testPort(), betaPort],
    },
    pool,
    clock: new NodeClock(),
    order: testOrder,
  });
  const run = (
    nexus: Nexus,
    lun: number,
    cdb: TestCommandOptions['cdb'],
    options: Partial<TestCommandOptions> = {},
  ): Outcome => {
    const command = new TestCommand({ dataIn: 255, ...options, nexus, cdb });
    const { outcome } = command.start({ execute: (given) => router.execute(lun, given) });
    assert.ok(outcome !== null);
    return outcome;
  };
  return { router, units, run };
}

export function lunsIn({ data }: Outcome): number[] {
  return Array.from({ length: u32(data, 0) / 8 }, (_, index) => decodeLun(data, 8 + 8 * index));
}

export function codeOf({ sense: told }: Outcome): number[] {
  return told === null ? [] : [told.key, told.asc, told.ascq];
}
