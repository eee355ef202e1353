import { readConfig } from '../read-config.ts';
import { askAll } from './ask.ts';
import { mergeStatus } from './merge.ts';
import { renderStatus } from './render.ts';

/** 2 where a system does not answer: something to tell apart from a mistake in the file. */
const Exit = { allAnswered: 0, someUnreachable: 2 } as const;

/** Prints what every system of the file says. Gives the exit code. */
export async function status(file: string, asJson: boolean): Promise<number> {
  const config = readConfig(file);
  const merged = mergeStatus(config, await askAll(config));
  const text = asJson ? `${JSON.stringify(merged, null, 2)}\n` : renderStatus(merged);
  process.stdout.write(text);
  return merged.systems.every(({ reachable }) => reachable) ? Exit.allAnswered : Exit.someUnreachable;
}
