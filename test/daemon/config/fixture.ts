import { strict as assert } from 'node:assert';
import type { ClusterConfig } from '../../../src/daemon/config/cluster-config.ts';
import type { Mistake } from '../../../src/daemon/config/mistake.ts';
import { parseConfig } from '../../../src/daemon/config/parse-config.ts';

/** Two systems, each with a physical local port and a virtual proxy port on it, and a unit. */
export const good = `[cluster]
name = "demo"

[[system]]
name = "alpha"
state = "var/alpha"
interconnect = ["tcp://127.0.0.1:7701"]
admin = "127.0.0.1:7801"
  [[system.port]]
  name = "alpha-local"
  kind = "physical"
  portal = "127.0.0.1:3260"
  serves = "local"
  [[system.port]]
  name = "alpha-proxy"
  kind = "virtual"
  on = "alpha-local"
  serves = "proxy"

[[system]]
name = "beta"
state = "var/beta"
interconnect = ["unix:var/beta.sock"]
admin = "127.0.0.1:7802"
  [[system.port]]
  name = "beta-local"
  kind = "physical"
  portal = "127.0.0.1:3261"
  serves = "local"
  [[system.port]]
  name = "beta-all"
  kind = "physical"
  portal = "127.0.0.1:3262"
  serves = "all"

[[unit]]
name = "vol-a"
owner = "alpha"
lun = 1
size = "1GiB"
store = { file = "vol-a.img" }

[[unit]]
name = "vol-b"
owner = "beta"
lun = 2
size = "512 MiB"
store = { device = "/dev/sdz" }
`;

/** `good` with one piece of it replaced, which must be there. */
export function edited(piece: string, by: string): string {
  assert.ok(good.includes(piece), `the fixture has no ${piece}`);
  return good.replace(piece, () => by);
}

export function configOf(text: string): ClusterConfig {
  const result = parseConfig(text, '/srv/cluster.toml');
  if ('config' in result) return result.config;
  assert.fail(`unexpected mistakes: ${JSON.stringify(result.mistakes)}`);
}

export function mistakesOf(text: string): readonly Mistake[] {
  const result = parseConfig(text, '/srv/cluster.toml');
  return 'mistakes' in result ? result.mistakes : [];
}

/** The line (1-based) of the last occurrence of `piece`. */
export function lineOf(text: string, piece: string): number {
  return text.slice(0, text.lastIndexOf(piece)).split('\n').length;
}
