/** The Debian packages that tests and benchmarks drive Crosspath with, and one file that each brings. */
import { existsSync } from 'node:fs';
import { progress, run } from './setup.mjs';

const forTests = [
  ['libiscsi-bin', '/usr/bin/iscsi-test-cu'],
  ['qemu-utils', '/usr/bin/qemu-io'],
  ['qemu-block-extra', '/usr/share/doc/qemu-block-extra'],
  ['tshark', '/usr/bin/tshark'],
  ['qemu-system-x86', '/usr/bin/qemu-system-x86_64'],
];
const forBench = [
  ...forTests,
  ['tgt', '/usr/sbin/tgtd'],
  ['istgt', '/usr/sbin/istgt'],
  ['haproxy', '/usr/sbin/haproxy'],
];

export const packages = { forTests, forBench };

/** Installs what is missing where it may; else prints the one command to run, and ends the process. */
export function needPackages(wanted) {
  const missing = wanted.filter(([, file]) => !existsSync(file)).map(([name]) => name);
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) return giveUp(`missing Debian packages; run: sudo ${install}`);
  progress(`installing Debian packages: ${missing.join(', ')} ...`);
  const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  run('apt-get', ['update', '-q'], options);
  if (run('apt-get', install.split(' ').slice(1), options) !== 0)
    giveUp(`could not install; run: ${install}`);
}

function giveUp(text) {
  progress(text);
  process.exit(1);
}
