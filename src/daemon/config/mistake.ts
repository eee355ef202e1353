/** One thing that is wrong with a configuration file. */
export interface Mistake {
  /** 1-based. */
  readonly line: number;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** Where in the parsed file: ['system', 0, 'port', 1, 'portal']. */
export type Path = readonly (string | number)[];

/** Collects mistakes by path. */
export type Report = (path: Path, message: string) => void;

/** The known word that is most like `word`, or null where none is like it. */
function nearest(word: string, known: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.ceil(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** '; did you mean "x"?', or '; write one of "x", "y"', or nothing where no word is known. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== null) return `; did you mean "${near}"?`;
  if (known.length === 0) return '';
  return `; write one of ${known.map((name) => `"${name}"`).join(', ')}`;
}

/** Levenshtein's distance, a row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = at(previous, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, at(previous, column) + 1, at(current, column - 1) + 1));
    }
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
