/** The Linux kernel's initiator with multipath: a disk whose direct path dies under load and comes back. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { Relay } from '../support/relay.ts';
import { REPOSITORY } from '../support/repository.ts';
import { countersOf } from '../support/status.ts';
import { Guest } from './guest.ts';
import { guestImage } from './image.ts';

/** Where the guest finds the host's loopback. */
const HOST = '10.0.2.2';
const STEP_MILLISECONDS = 300_000;

test('dm-multipath over a direct and a proxied path survives the loss of each, and returns to the direct one', async () => {
  const image = await guestImage();
  const folder = await mkdtemp(path.join(tmpdir(), 'crosspath-linux-'));
  const cluster = await Cluster.start({
    units: [{ name: 'vol-b', owner: 'beta', lun: 2, size: '256MiB' }],
  });
  const direct = cluster.port('beta-local');
  const proxied = cluster.port('alpha-proxy');
  const cable = await Relay.to(direct.portal);
  let guest: Guest | null = null;
  try {
    const script = path.join(folder, 'script');
    await writeFile(
      script,
      `DIRECT='${HOST}:${cable.port} ${direct.targetName}'
PROXIED='${HOST}:${proxied.portal.port} ${proxied.targetName}'
LUN=2
${await readFile(path.join(REPOSITORY, 'test', 'linux', 'multipath.sh'), 'utf8')}`,
    );
    guest = await Guest.boot(image, script, path.join(folder, 'console'));
    const priorities = await guest.waitFor(/^priorities/, STEP_MILLISECONDS);
    assert.equal(priorities, 'priorities 50 10', 'active/optimized, then active/non-optimized');
    await guest.waitFor(/^fio verified: 1 job/, STEP_MILLISECONDS);

    await guest.waitFor(/^ask cut$/, STEP_MILLISECONDS);
    const before = countersOf(await cluster.status(), 'vol-b', 'alpha-proxy');
    cable.reset();
    guest.done('cut');
    await guest.waitFor(/^ask heal$/, STEP_MILLISECONDS);
    const during = countersOf(await cluster.status(), 'vol-b', 'alpha-proxy');
    assert(during.bytesWritten > before.bytesWritten, 'the load went on through alpha');

    cable.heal();
    guest.done('heal');
    await guest.waitFor(/^after the heal/, STEP_MILLISECONDS);
    await guest.waitFor(/^ask cut-interconnect$/, STEP_MILLISECONDS);
    cluster.interconnect.reset();
    guest.done('cut-interconnect');
    await guest.waitFor(/^ask heal-interconnect$/, STEP_MILLISECONDS);
    cluster.interconnect.heal();
    guest.done('heal-interconnect');
    await guest.waitFor(/^the proxied path is back$/, STEP_MILLISECONDS);
    await guest.waitFor(/^passed$/, STEP_MILLISECONDS);
    await guest.waitFor(/^ended 0$/, STEP_MILLISECONDS);
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
});
