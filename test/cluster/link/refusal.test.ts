import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ProtocolVersions } from '../../../src/cluster/link/handshake.ts';
import type { LinkAddress } from '../../../src/cluster/link/link-address.ts';
import { RefuseReason } from '../../../src/wire/interconnect/refuse.ts';
import { freePort } from '../../support/free-ports.ts';
import { Greeter } from '../support/greeter.ts';
import {
  type TestSystem,
  TwoSystems,
  type TwoSystemsOptions,
  testKey,
  testRing,
} from '../support/two-systems.ts';

const TRANSPORTS = ['tcp', 'tls', 'fcip'] as const;
type Transport = (typeof TRANSPORTS)[number];

const NO_LINK = 'no link yet';
const TURNED_AWAY = 'a caller on the interconnect was turned away';
const newer = { lowestVersion: ProtocolVersions.highest + 1, highestVersion: ProtocolVersions.highest + 3 };
const older = { lowestVersion: 0, highestVersion: 0 };

/** Both systems, of which neither has a link. A name that is not the one in the other's configuration has the right key all the same. */
async function apart(
  t: TestContext,
  transport: Transport,
  options: Partial<TwoSystemsOptions>,
): Promise<TwoSystems> {
  const { name = 'beta', partner = 'alpha' } = options.betaSays ?? {};
  const systems = await TwoSystems.begin({
    transport,
    keys: [testRing('alpha', 'beta', [testKey(1)]), testRing(name, partner, [testKey(1)])],
    via: async (address) => (address.transport === 'tls' ? { ...address, system: partner } : address),
    ...options,
  });
  t.after(() => systems.stop());
  return systems;
}

/** A place of the same kind where nobody listens. */
async function nobody(address: LinkAddress): Promise<LinkAddress> {
  assert(address.transport !== 'unix');
  return { ...address, port: await freePort() };
}

/** Why, as the log has it. */
async function reasonIn({ log }: TestSystem, message: string): Promise<string> {
  for (;;) {
    const line = log.lines.find((one) => one.startsWith(`${message} `));
    if (line === undefined) await log.next(message);
    else return JSON.parse(line.slice(message.length)).reason;
  }
}

/** What is said where it comes to a greeting, which says names; or before, by the keys or the Fibre Channel names alone. */
const cases: readonly {
  readonly what: string;
  readonly betaSays: NonNullable<TwoSystemsOptions['betaSays']>;
  readonly said: RegExp;
  readonly before: { readonly [transport in Transport]?: { readonly alpha: RegExp; readonly beta: RegExp } };
}[] = [
  {
    what: 'is of another cluster',
    betaSays: { cluster: 'other' },
    said: /this is cluster demo, not other/,
    before: {
      fcip: { alpha: /the caller means another cluster/, beta: /the partner is of another cluster/ },
    },
  },
  {
    what: 'goes by a name that is no partner’s',
    betaSays: { name: 'gamma' },
    said: /gamma is not a partner of alpha/,
    before: {
      tls: { alpha: /there is no key "gamma\/0{15}1" here/, beta: /alpha has not taken key 0{15}1/ },
    },
  },
  {
    what: 'means another system',
    betaSays: { partner: 'aleph' },
    said: /this is alpha, not aleph/,
    before: { fcip: { alpha: /the caller means another cluster or system/, beta: /or another system/ } },
  },
];

for (const transport of TRANSPORTS) {
  describe(`over ${transport}, both ends have a line in their log that says why there is no link to one that`, () => {
    for (const { what, betaSays, said, before } of cases) {
      it(what, async (t) => {
        const systems = await apart(t, transport, { betaSays });
        const { alpha, beta } = before[transport] ?? { alpha: said, beta: said };
        assert.match(await reasonIn(systems.alpha, TURNED_AWAY), alpha);
        assert.match(await reasonIn(systems.beta, NO_LINK), beta);
        for (const { interconnect } of [systems.alpha, systems.beta]) {
          assert(interconnect.partners.every(({ isReachable }) => !isReachable));
        }
      });
    }

    for (const [which, range] of [
      ['newer', newer],
      ['older', older],
    ] as const) {
      const { lowestVersion, highestVersion } = range;
      const own = `speaks versions ${ProtocolVersions.lowest} to ${ProtocolVersions.highest}, `;

      it(`speaks only ${which} versions and calls`, async (t) => {
        // Beta itself calls where nobody is.
        const systems = await apart(t, transport, { via: nobody });
        const keys = testRing('beta', 'alpha', [testKey(1)]);
        const caller = new Greeter('beta', 'alpha', systems.address, keys, range);
        caller.dial();
        const text = `alpha ${own}beta ${lowestVersion} to ${highestVersion}`;
        assert.deepEqual(await caller.refused, { reason: RefuseReason.version, text });
        assert.equal(await reasonIn(systems.alpha, TURNED_AWAY), `refused: ${text}`);
      });

      it(`speaks only ${which} versions and is called`, async (t) => {
        // In alpha's place, at an address of its own.
        let called: Greeter | null = null;
        const keys = testRing('alpha', 'beta', [testKey(1)]);
        const systems = await apart(t, transport, {
          via: async (address) => {
            const at = await nobody(address);
            called = new Greeter('alpha', 'beta', at, keys, range);
            const listener = await called.listen();
            t.after(() => listener.close());
            return at;
          },
        });
        const text = `beta ${own}alpha ${lowestVersion} to ${highestVersion}`;
        assert.equal(await reasonIn(systems.beta, NO_LINK), `refused: ${text}`);
        assert.deepEqual(await (called as Greeter | null)?.refused, { reason: RefuseReason.version, text });
      });
    }
  });
}
