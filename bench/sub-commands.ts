import type { SubCommand } from './bench.ts';
import { digests } from './digests.ts';
import { fairness } from './fairness/fairness.ts';
import { freshness } from './freshness.ts';
import { gc } from './gc/gc.ts';
import { micro } from './micro/micro.ts';
import { scale } from './scale/scale.ts';
import { uncached } from './uncached/uncached.ts';

/** By the word that runs them. */
export const subCommands: ReadonlyMap<string, SubCommand> = new Map(
  Object.entries({ scale, fairness, uncached, gc, digests, freshness, micro }),
);
