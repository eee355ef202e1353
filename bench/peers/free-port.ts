import { once } from 'node:events';
import net from 'node:net';

/** Loopback TCP ports that nobody has, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  const ports: number[] = [];
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP port');
    ports.push(address.port);
  }
  for (const server of servers) server.close();
  return ports;
}
