import { createServer, type Server } from 'node:net';
import type { DemoPorts } from './demo-config.ts';

/** That many TCP ports on loopback that nothing listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listening(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** Ports for both of the demo's systems. */
export async function freeDemoPorts(): Promise<[DemoPorts, DemoPorts]> {
  const free = await freePorts(10);
  const take = (): DemoPorts => {
    const [interconnect = 0, admin = 0, local = 0, proxy = 0, image = 0] = free.splice(0, 5);
    return { interconnect, admin, local, proxy, image };
  };
  return [take(), take()];
}
