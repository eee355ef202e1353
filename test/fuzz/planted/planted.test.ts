/** What `npm run fuzz:planted` plants is there to be changed, and is changed in a process that is to have it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { plantedBugs } from './bugs.ts';
import { edited, nodeArgumentsFor } from './plant.ts';

const BUILD = new URL('../../../', import.meta.url);

for (const { name, edits } of plantedBugs) {
  test(name, () => {
    const modules = new Set(edits.map(({ module }) => module));
    for (const module of modules) {
      const source = readFileSync(new URL(module, BUILD), 'utf8');
      assert.notEqual(
        edited(
          source,
          edits.filter((edit) => edit.module === module),
        ),
        source,
      );
    }
  });
}

test('a process that is started with a bug has it, and one that is not has none', async () => {
  const bug = plantedBugs.find(({ name }) => name.startsWith('UNMAP'));
  assert(bug !== undefined);
  // The loader gives the source that runs: a method of the class that it makes.
  const module = new URL(bug.edits[0]?.module ?? '', BUILD).href;
  const script = `import * as it from ${JSON.stringify(module)}; console.log(Object.values(it).join('\\n'));`;
  const run = async (args: readonly string[]) =>
    (await promisify(execFile)(process.execPath, [...args, '--input-type=module', '-e', script])).stdout;
  const check = bug.edits[0]?.from ?? '';
  assert((await run([])).includes(check));
  assert(!(await run(nodeArgumentsFor(bug))).includes(check));
});
