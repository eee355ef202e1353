/**
 * Ports that a test sets aside before anybody listens there. They are below those that the kernel gives out by itself (to sockets that
 * connect, or listen on port 0), and each process has its own, so that nobody takes one in between.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 10_000;
const OF_A_PROCESS = 100;
const PROCESSES = 200;

let given = 0;

/** Loopback TCP ports that nobody has, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const first = FIRST + (process.pid % PROCESSES) * OF_A_PROCESS;
  const ports: number[] = [];
  for (let tried = 0; ports.length < count; tried += 1) {
    if (tried === OF_A_PROCESS) throw new Error(`no ${count} of the ports from ${first} on are free`);
    const port = first + (given % OF_A_PROCESS);
    given += 1;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no port');
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
