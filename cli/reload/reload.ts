import { type ReloadAnswer, reloadAnswer } from '../../src/admin/schema.ts';
import type { SystemConfig } from '../../src/daemon/config/cluster-config.ts';
import { formatSize } from '../../src/daemon/config/size.ts';
import { readConfig } from '../read-config.ts';
import { adminUrl, reasonOf } from '../status/ask.ts';

/** Growing a file waits for its disk. */
const PATIENCE_MILLISECONDS = 60_000;
const Exit = { applied: 0, problems: 1, someUnreachable: 2 } as const;

type Answer = ReloadAnswer | { readonly system: string; readonly unreachable: string };

/** Asks every system of the file to read its own file again. Prints what has come of it, and gives the exit code. */
export async function reload(file: string): Promise<number> {
  const answers = await Promise.all(readConfig(file).systems.map(ask));
  process.stdout.write(answers.flatMap(linesOf).join(''));
  if (answers.some((answer) => 'unreachable' in answer)) return Exit.someUnreachable;
  const hasProblems = answers.some((answer) => 'problems' in answer && answer.problems.length > 0);
  return hasProblems ? Exit.problems : Exit.applied;
}

async function ask({ name, admin }: SystemConfig): Promise<Answer> {
  const where = adminUrl(admin, 'reload');
  try {
    const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
    const response = await fetch(where, { method: 'POST', signal });
    if (!response.ok) return { system: name, unreachable: `${where} answers ${response.status}` };
    return reloadAnswer.parse(await response.json());
  } catch (error) {
    return { system: name, unreachable: `${where}: ${reasonOf(error)}` };
  }
}

function linesOf(answer: Answer): string[] {
  const { system } = answer;
  if ('unreachable' in answer) return [`${system}: does not answer (${answer.unreachable})\n`];
  const grown = answer.grown.map(
    ({ unit, from, to }) =>
      `${system}: unit ${unit} has grown from ${formatSize(from)} to ${formatSize(to)}\n`,
  );
  const problems = answer.problems.map((problem) => `${system}: ${problem}\n`);
  const lines = [...grown, ...problems];
  return lines.length === 0 ? [`${system}: nothing to change\n`] : lines;
}
