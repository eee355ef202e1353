import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Cluster } from '../support/cluster.ts';
import { Relay } from '../support/relay.ts';
import { REPOSITORY } from '../support/repository.ts';
import { Guest } from './guest.ts';
import { guestImage } from './image.ts';

/** Where the guest finds the host's loopback. */
const HOST = '10.0.2.2';
const LUN = 2;
/** Software emulation is slow, and the machine may be busy. */
const STEP_MILLISECONDS = 300_000;

export interface Scenario {
  readonly cluster: Cluster;
  /** Between the guest and the port of beta, which owns the unit. */
  readonly cable: Relay;
  /** The next line of the script that matches. */
  says(pattern: RegExp): Promise<string>;
  /** The script asks for it: `act` does it. */
  asks(question: string, act: () => void): Promise<void>;
}

/**
 * Two systems, beta's unit `vol-b` reached directly (through `cable`) and through alpha, and a guest that runs `script` (of this
 * folder) until it has said that it passed.
 */
export async function runScenario(
  script: string,
  follow: (scenario: Scenario) => Promise<void>,
): Promise<void> {
  const image = await guestImage();
  const folder = await mkdtemp(path.join(tmpdir(), 'crosspath-linux-'));
  const cluster = await Cluster.start({
    units: [{ name: 'vol-b', owner: 'beta', lun: LUN, size: '256MiB' }],
  });
  const direct = cluster.port('beta-local');
  const proxied = cluster.port('alpha-proxy');
  const cable = await Relay.to(direct.portal);
  let guest: Guest | null = null;
  try {
    const prelude = `DIRECT='${HOST}:${cable.port} ${direct.targetName}'
PROXIED='${HOST}:${proxied.portal.port} ${proxied.targetName}'
LUN=${LUN}
`;
    const parts = await Promise.all(['guest-lib.sh', script].map(scriptText));
    const whole = path.join(folder, 'script');
    await writeFile(whole, [prelude, ...parts].join(''));
    const booted = await Guest.boot(image, whole, path.join(folder, 'console'));
    guest = booted;
    const says = (pattern: RegExp): Promise<string> => booted.waitFor(pattern, STEP_MILLISECONDS);
    const asks = async (question: string, act: () => void): Promise<void> => {
      await says(new RegExp(`^ask ${question}$`));
      act();
      booted.done(question);
    };
    await follow({ cluster, cable, says, asks });
    await says(/^passed$/);
    await says(/^ended 0$/);
  } catch (error) {
    console.log(JSON.stringify(await cluster.status(), null, 1));
    console.log(cluster.said());
    throw error;
  } finally {
    console.log(guest?.said.text);
    await guest?.stop();
    await cable.close();
    await cluster.end();
    await rm(folder, { recursive: true });
  }
}

function scriptText(name: string): Promise<string> {
  return readFile(path.join(REPOSITORY, 'test', 'linux', name), 'utf8');
}
