import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeStateFolder } from '../../src/daemon/state-folder.ts';

function withFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'crosspath-state-'));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a state folder is made, and the lock in it tells who has it', () =>
  withFolder((folder) => {
    const release = takeStateFolder(join(folder, 'a', 'b'));
    assert.equal(readFileSync(join(folder, 'a', 'b', 'lock'), 'utf8'), `${process.pid}\n`);
    release();
  }));

test('a state folder has one process at a time', () =>
  withFolder((folder) => {
    const release = takeStateFolder(folder);
    assert.throws(() => takeStateFolder(folder), {
      name: 'UserError',
      message: /another process runs with the state folder .*: stop it/,
    });
    release();
    takeStateFolder(folder)();
  }));

test('the lock of a process that was killed is free', () =>
  withFolder((folder) => {
    const module = new URL('../../src/daemon/state-folder.js', import.meta.url).href;
    const program = `import { takeStateFolder } from ${JSON.stringify(module)};
      takeStateFolder(${JSON.stringify(folder)});
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
    assert.equal(signal, 'SIGKILL');
    takeStateFolder(folder)();
  }));

test('a path that can be no folder is the user’s to put right', () =>
  withFolder((folder) => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => takeStateFolder(join(folder, 'file', 'x')), {
      name: 'UserError',
      message: /cannot use the state folder .*file\/x: a part of the path is not a folder \(ENOTDIR\)/,
    });
  }));
