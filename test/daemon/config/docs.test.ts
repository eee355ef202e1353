import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  clusterShape,
  initiatorGroupShape,
  portShape,
  systemShape,
  unitShape,
} from '../../../src/daemon/config/file-schema.ts';
import { REPOSITORY } from '../../support/repository.ts';
import { configOf } from './fixture.ts';

const page = readFileSync(join(REPOSITORY, 'docs', 'configuration.md'), 'utf8');

test('docs/configuration.md tells of every key of a file', () => {
  const shapes = [clusterShape, systemShape, portShape, unitShape, initiatorGroupShape];
  const missing = shapes.flatMap(Object.keys).filter((key) => !page.includes(`| \`${key}\` |`));
  assert.deepEqual(missing, []);
});

test('the example of docs/configuration.md is correct, and its optional keys show the defaults', () => {
  const example = /```toml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const optional =
    /^\s*(read_set|group|relative_id|portal_group_tag|block|physical_block|read_only) = .*\n/gm;
  assert.equal(example.match(optional)?.length, 7);
  assert.deepEqual(configOf(example.replace(optional, '')), configOf(example));
});
