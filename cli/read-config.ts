import { readFileSync } from 'node:fs';
import type { ClusterConfig } from '../src/daemon/config/cluster-config.ts';
import { parseConfig } from '../src/daemon/config/parse-config.ts';
import { pathError, UserError } from '../src/daemon/user-error.ts';

/** The configuration of a file. Throws a UserError of one line a mistake: 'FILE:LINE: message'. */
export function readConfig(file: string): ClusterConfig {
  const result = parseConfig(readText(file), file);
  if ('config' in result) return result.config;
  throw new UserError(result.mistakes.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw pathError('cannot read', file, error);
  }
}
