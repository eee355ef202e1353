import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ClusterProcesses } from '../../../cli/start/cluster-processes.ts';
import { withFile } from '../run-cli.ts';

/** Stands in for a system: does what its name says. */
const stub = `
const name = process.argv[process.argv.indexOf('--system') + 1];
console.log('port of ' + name);
if (name === 'fails') { console.error('fails: no store'); process.exit(1); }
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
if (name !== 'slow') console.log('ready');
`;

async function withCluster(
  systems: readonly string[],
  use: (cluster: ClusterProcesses, lines: string[], errors: string[]) => Promise<void>,
): Promise<void> {
  await withFile('stub.mjs', stub, async (entry) => {
    const lines: string[] = [];
    const errors: string[] = [];
    const cluster = new ClusterProcesses({
      entry,
      file: 'any.toml',
      systems,
      logLevel: 'warn',
      line: (line) => lines.push(line),
      errorLine: (line) => errors.push(line),
    });
    await use(cluster, lines, errors);
  });
}

test('systems are ready together, and stop together', () =>
  withCluster(['one', 'two'], async (cluster, lines, errors) => {
    assert.equal(await cluster.ready, true);
    assert.deepEqual(lines.sort(), ['port of one', 'port of two']);
    cluster.stop();
    assert.equal(await cluster.ended, true);
    assert.deepEqual(errors, []);
  }));

test('a system that fails to start makes the cluster not ready at once', () =>
  withCluster(['slow', 'fails'], async (cluster, _, errors) => {
    assert.equal(await cluster.ready, false);
    cluster.stop();
    assert.equal(await cluster.ended, false);
    assert.ok(errors.includes('fails: no store'));
    assert.ok(
      errors.some((line) => line.includes('system fails ended with exit code 1; still running: slow')),
    );
  }));

test('a system that dies is reported, and the others go on', () =>
  withCluster(['one', 'two'], async (cluster, _, errors) => {
    assert.equal(await cluster.ready, true);
    const pid = cluster.pidOf('one');
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    while (errors.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(errors, ['crosspath: system one died of SIGKILL; still running: two']);
    assert.notEqual(cluster.pidOf('two'), undefined);
    cluster.stop();
    assert.equal(await cluster.ended, false);
  }));
