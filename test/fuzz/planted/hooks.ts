/** Hooks of node's module loader: the modules that a planted bug is in are loaded with it. */
import type { LoadHook } from 'node:module';
import { plantedBugs } from './bugs.ts';
import { type Edit, edited } from './plant.ts';

const BUILD = new URL('../../../', import.meta.url).href;
let edits: readonly Edit[] = [];

export function initialize(name: string): void {
  const bug = plantedBugs.find((one) => one.name === name);
  if (bug === undefined) throw new Error(`there is no planted bug "${name}"`);
  edits = bug.edits;
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  const here = edits.filter(({ module }) => url === `${BUILD}${module}`);
  if (here.length === 0) return loaded;
  return { ...loaded, source: edited(String(loaded.source), here) };
};
