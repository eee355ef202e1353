import type { ClusterStatus } from '../status/merge.ts';

/** The ports, systems and unit that one command is expected to meet. */
export interface Expected {
  readonly port: string;
  readonly receiver: string;
  readonly owner: string;
  readonly unit: string;
}

/** One stage of a command's way, as a counter that must have gone up by one. */
export interface Stage {
  readonly what: string;
  readonly before: number;
  readonly after: number;
  readonly holds: boolean;
}

interface Counter {
  readonly what: string;
  readonly read: (status: ClusterStatus) => number;
}

/** What the counters of both systems say of one command that ran between the two looks at them. */
export function wayOf(expected: Expected, before: ClusterStatus, after: ClusterStatus): Stage[] {
  return counters(expected).map(({ what, read }) => {
    const [first, second] = [read(before), read(after)];
    return { what, before: first, after: second, holds: second === first + 1 };
  });
}

function counters({ port, receiver, owner, unit }: Expected): Counter[] {
  return [
    {
      what: `received by ${receiver} at port ${port}`,
      read: (s) => portOf(s, receiver, port).commandsReceived,
    },
    { what: `for ${unit}: proxied by ${receiver}`, read: (s) => pathOf(s, unit, port).commandsProxied },
    {
      what: `forwarded by ${receiver} over the link to ${owner}`,
      read: (s) => linkOf(s, receiver, owner).commandsForwarded,
    },
    {
      what: `taken from the link by ${owner} for ${receiver}`,
      read: (s) => linkOf(s, owner, receiver).commandsServed,
    },
    { what: `processed by ${owner}, which owns ${unit}`, read: (s) => unitOf(s, unit).commandsServed ?? 0 },
    { what: `answered by ${receiver} at port ${port}`, read: (s) => portOf(s, receiver, port).responsesSent },
  ];
}

function portOf(status: ClusterStatus, system: string, name: string) {
  const view = found(status.systems, (candidate) => candidate.name === system, `system ${system}`);
  if (!view.reachable) throw new Error(`system ${system} does not answer: ${view.reason}`);
  return found(view.ports, (port) => port.name === name, `port ${name}`);
}

function unitOf(status: ClusterStatus, name: string) {
  return found(status.units, (unit) => unit.name === name, `unit ${name}`);
}

function pathOf(status: ClusterStatus, unit: string, port: string) {
  return found(unitOf(status, unit).paths, (path) => path.port === port, `path to ${unit} through ${port}`);
}

function linkOf(status: ClusterStatus, from: string, to: string) {
  const is = (link: { system: string; partner: string }) => link.system === from && link.partner === to;
  return found(status.links, is, `link from ${from} to ${to}`);
}

function found<T>(all: readonly T[], is: (one: T) => boolean, what: string): T {
  const one = all.find(is);
  if (one === undefined) throw new Error(`the status has no ${what}`);
  return one;
}
