/** Bugs that are put into modules of the product as a process loads them: nothing of them is in the product. */

/** Of a module of the build, by its path there: `from` stands in it exactly once. */
export interface Edit {
  readonly module: string;
  readonly from: string;
  readonly to: string;
}

export interface PlantedBug {
  readonly name: string;
  readonly edits: readonly Edit[];
}

/** Arguments of node, for a process that has the bug. */
export function nodeArgumentsFor({ name }: PlantedBug): string[] {
  const preload = new URL('./preload.js', import.meta.url);
  preload.searchParams.set('bug', name);
  return ['--import', preload.href];
}

/** The source of a module with what edits change in it. Throws where a text is not there, or more than once. */
export function edited(source: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { module, from, to }) => {
    const [before, after, ...more] = text.split(from);
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`${module} has ${more.length === 0 ? 'no' : 'more than one'} ${from}`);
    return `${before}${to}${after}`;
  }, source);
}
