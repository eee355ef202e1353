import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../support/repository.ts';

export interface Source {
  /** From the root of the checkout: 'src/env/clock.ts'. */
  readonly file: string;
  readonly text: string;
  /** The text without comments, and without what is in quotes. */
  readonly code: string;
  /** What it imports: 'node:net', 'zod', or a path from the root of the checkout. */
  readonly imports: readonly string[];
}

/** Every TypeScript file below these folders of the checkout. */
export function sourcesIn(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .sort()
      .map((file) => read(path.join(folder, file))),
  );
}

function read(file: string): Source {
  const text = readFileSync(path.join(REPOSITORY, file), 'utf8');
  return { file, text, code: codeOf(text), imports: importsOf(file, text) };
}

const imported = /(?:\bfrom|\bimport\(|^import)\s*'([^']+)'/gm;

function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(imported)]
    .map((match) => match[1] ?? '')
    .map((name) => (name.startsWith('.') ? path.join(path.dirname(file), name) : name));
}

const commentOrString =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

/** Code in a template's `${}` goes with its string: close enough for these rules. */
function codeOf(text: string): string {
  return text.replace(commentOrString, (piece) => (piece.startsWith('/') ? '' : "''"));
}
