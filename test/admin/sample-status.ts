import type { SystemStatus } from '../../src/admin/schema.ts';

/** alpha as it might see itself, with a unit of its own and one of beta's. */
export const sampleStatus: SystemStatus = {
  system: {
    name: 'alpha',
    cluster: 'demo',
    pid: 42,
    version: '0.1.0',
    uptimeSeconds: 3723.4,
    memoryBytes: 80 * 2 ** 20,
    bufferedBytes: 0,
    peakBufferedBytes: 262144,
  },
  ports: [
    {
      name: 'alpha-local',
      kind: 'physical',
      portal: '127.0.0.1:3260',
      targetName: 'iqn.2026-11.dev.crosspath:demo:alpha-local',
      portalGroupTag: 1,
      relativeId: 1,
      group: 1,
      serves: 'local',
      commandsReceived: 3,
      responsesSent: 3,
      sessions: 0,
    },
    {
      name: 'alpha-proxy',
      kind: 'virtual',
      portal: '127.0.0.1:3260',
      targetName: 'iqn.2026-11.dev.crosspath:demo:alpha-proxy',
      portalGroupTag: 2,
      relativeId: 2,
      group: 1,
      serves: 'proxy',
      commandsReceived: 7,
      responsesSent: 6,
      sessions: 1,
    },
  ],
  sessions: [
    {
      initiator: 'iqn.2004-01.com.example:h',
      group: 'hosts',
      isid: '80b1c2d3e4f5',
      port: 'alpha-proxy',
      connections: [{ id: 0, remote: '127.0.0.1:51234' }],
      commandsOutstanding: 1,
    },
  ],
  units: [sampleUnit('vol-a', 'alpha', true), sampleUnit('vol-b', 'beta', false)],
  links: [
    {
      partner: 'beta',
      transport: 'tcp',
      state: 'up',
      address: 'tcp://127.0.0.1:7702',
      generation: 3,
      sinceSeconds: 60,
      lastLoss: 'silence',
      slow: true,
      roundTripMilliseconds: 180.25,
      usualRoundTripMilliseconds: 0.21,
      exchanges: 1,
      commandsForwarded: 7,
      commandsServed: 0,
      bytesIn: 4096,
      bytesOut: 0,
      bufferedBytes: 0,
      peakBufferedBytes: 65536,
    },
  ],
  latencies: [
    {
      path: 'proxied',
      kind: 'read',
      microseconds: {
        received: sampleDistribution(0.25),
        queued: sampleDistribution(4.2),
        forwarded: sampleDistribution(840),
        answered: sampleDistribution(31),
        total: sampleDistribution(1300),
      },
    },
  ],
};

function sampleDistribution(p50: number): SystemStatus['latencies'][number]['microseconds']['total'] {
  return { count: 7, mean: p50, p50, p90: p50, p99: 2 * p50, p999: 3 * p50, max: 3 * p50 };
}

function sampleUnit(name: string, owner: string, local: boolean): SystemStatus['units'][number] {
  return {
    name,
    owner,
    local,
    lun: local ? 1 : 2,
    size: 2 ** 30,
    blockLength: 512,
    physicalBlockLength: 4096,
    readOnly: false,
    naa: '6'.padEnd(32, '0'),
    serial: name,
    thinlyProvisioned: true,
    store: `/srv/${name}.img`,
    accessStates: {
      alpha: local ? 'active/optimized' : 'active/non-optimized',
      beta: local ? 'active/non-optimized' : 'active/optimized',
    },
    commandsServed: local ? 3 : 0,
    writesHeld: local ? 2 : 0,
    writesRefused: 0,
    counters: [
      {
        port: local ? 'alpha-local' : 'alpha-proxy',
        commandsDirect: local ? 3 : 0,
        commandsProxied: local ? 0 : 7,
        bytesRead: 4096,
        bytesWritten: 0,
      },
    ],
  };
}
