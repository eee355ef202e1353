import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { REPOSITORY } from '../../support/repository.ts';
import type { Recorded } from './report.ts';

const FILE = path.join(REPOSITORY, 'test', 'e2e', 'conformance', 'recorded.json');

/** What `npm run conformance` found last. */
export async function readRecorded(): Promise<Recorded> {
  const recorded: Recorded = JSON.parse(await readFile(FILE, 'utf8'));
  return recorded;
}

export async function writeRecorded(recorded: Recorded): Promise<void> {
  await writeFile(FILE, `${JSON.stringify(recorded, null, 2)}\n`);
}
