import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { buildConfig } from './build.ts';
import { checkFile } from './checks.ts';
import type { ClusterConfig } from './cluster-config.ts';
import { readDraft } from './draft.ts';
import { findLines } from './line-finder.ts';
import type { Mistake, Path } from './mistake.ts';

/**
 * Checks a configuration file and fills in its defaults (docs/configuration.md). `file`: its path, against whose
 * folder relative paths are taken. Every mistake of the file is reported at once, by line; only a mistake of TOML's
 * syntax hides the others.
 */
export function parseConfig(
  text: string,
  file: string,
): { readonly config: ClusterConfig } | { readonly mistakes: readonly Mistake[] } {
  const parsed = parseToml(text);
  if ('mistake' in parsed) return { mistakes: [parsed.mistake] };
  const lineOf = findLines(text);
  const mistakes: Mistake[] = [];
  const report = (path: Path, message: string) => mistakes.push({ line: lineOf(path), message });
  const draft = readDraft(parsed.toml, report);
  const folder = dirname(resolve(file));
  checkFile(draft, folder, report);
  if (mistakes.length === 0) return { config: buildConfig(draft, folder) };
  return { mistakes: mistakes.sort((a, b) => a.line - b.line) };
}

function parseToml(text: string): { toml: Record<string, unknown> } | { mistake: Mistake } {
  try {
    return { toml: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n', 1)[0]?.replace('Invalid TOML document: ', '');
    const mistake = { line: error.line, message: `not TOML: ${reason} (at column ${error.column})` };
    return { mistake };
  }
}
