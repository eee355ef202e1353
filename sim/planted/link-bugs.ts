/** Bugs of the interconnect. */
import { Originator } from '../../src/cluster/proxied-unit/originator.ts';
import { ProxiedUnit } from '../../src/cluster/proxied-unit/proxied-unit.ts';
import { ReadBudget } from '../../src/cluster/proxied-unit/read-budget.ts';
import { ServedCommand } from '../../src/cluster/unit-server/served-command.ts';
import { UnitServer } from '../../src/cluster/unit-server/unit-server.ts';
import { LinkLimits } from '../../src/limits.ts';
import { TaskManagementFunction } from '../../src/scsi/logical-unit.ts';
import { changing, goodAtOnce, oneIn, type PlantedBug, replacing, type Writable } from './plant.ts';

export const linkBugs: readonly PlantedBug[] = [
  replacing('NEXUS_CLOSE is forgotten', Originator.prototype, 'nexusLost', () => () => {}),
  replacing(
    'the proxy answers ABORT TASK for the owner',
    ProxiedUnit.prototype,
    'manage',
    (original) =>
      function (this: ProxiedUnit, nexus, what, tag, done) {
        if (what === TaskManagementFunction.abortTask) done('complete');
        else original.call(this, nexus, what, tag, done);
      },
  ),
  replacing('read credit is given back twice', ReadBudget.prototype, 'giveBack', (original) => {
    const strikes = oneIn(100);
    return function (this: ReadBudget, bytes) {
      original.call(this, strikes() ? bytes * 2 : bytes);
    };
  }),
  replacing('read credit is lost', ReadBudget.prototype, 'giveBack', (original) => {
    const strikes = oneIn(100);
    return function (this: ReadBudget, bytes) {
      if (!strikes()) original.call(this, bytes);
    };
  }),
  replacing(
    'unsolicited credit is not given back',
    Originator.prototype,
    'ended',
    (original) =>
      function (this: Originator, exchange) {
        original.call(this, exchange, 0);
      },
  ),
  replacing(
    'the owner keeps its budget for write data',
    UnitServer.prototype,
    'giveBackBudget',
    () => () => {},
  ),
  replacing(
    'the owner goes on when a link has ended',
    UnitServer.prototype,
    'linkLost',
    () =>
      function (this: UnitServer) {
        this.closed = true;
      },
  ),
  replacing('a link that ends tells nobody who waits', Originator.prototype, 'linkLost', () => () => {}),
  changing('a silent link lives', LinkLimits as Writable<typeof LinkLimits>, 'silenceMilliseconds', 1e9),
  changing(
    'a link is dialed too rarely',
    LinkLimits as Writable<typeof LinkLimits>,
    'reconnectMilliseconds',
    30_000,
  ),
  replacing(
    'the proxy does not tell that an access state has changed',
    ProxiedUnit.prototype,
    'establishUnitAttention',
    () => () => {},
  ),
  replacing(
    'an aborted command is answered GOOD',
    ServedCommand.prototype,
    'aborted',
    () =>
      function (this: ServedCommand) {
        this.complete(goodAtOnce);
      },
  ),
  replacing('a GRANT is forgotten', Originator.prototype, 'sendGrant', (original) => {
    const strikes = oneIn(50);
    return function (this: Originator, exchange, bytes, ownerHasIt) {
      if (!strikes()) original.call(this, exchange, bytes, ownerHasIt);
    };
  }),
  replacing('a TRANSFER_READY is forgotten', ServedCommand.prototype, 'sendTransferReady', (original) => {
    const strikes = oneIn(50);
    return function (this: ServedCommand) {
      if (!strikes()) original.call(this);
    };
  }),
];
