/** What a run of the benchmark has at hand, and what it gives. */
import { Crosspath } from './peers/crosspath.ts';
import type { Path } from './peers/peer.ts';
import type { Processes } from './processes.ts';
import type { Workspace } from './workspace.ts';

export interface Bench {
  /** How often each thing is measured, and how long each time. */
  readonly rounds: number;
  readonly seconds: number;
  readonly processes: Processes;
  readonly workspace: Workspace;
  /** Tells whoever waits how far it is. */
  readonly progress: (line: string) => void;
}

export interface Report {
  /** For people: a table. */
  readonly text: string;
  /** The same for programs (`--json`): numbers without units in their names are counts, bytes or commands a second. */
  readonly data: object;
}

/** A benchmark besides the comparison. */
export interface SubCommand {
  /** Its line of the help. */
  readonly summary: string;
  /** What it measures, and against which goals. */
  readonly help: string;
  /** What the word behind its name may be, to measure that alone; null: any. */
  readonly words: readonly string[] | null;
  /** How often, and for how many seconds each time, where nobody says it; null: nobody may, it has its own way. */
  readonly rounds: number | null;
  readonly seconds: number | null;
  /** `filter`: the word behind the name of the sub-command; '' where there is none. */
  run(bench: Bench, filter: string): Promise<Report>;
}

/** A cluster that is joined by TCP, with a direct and a proxied path, for as long as `run` takes. */
export async function withCluster<T>(
  { processes, workspace, progress }: Bench,
  run: (crosspath: Crosspath, paths: readonly Path[]) => Promise<T>,
): Promise<T> {
  progress('starting a cluster');
  const crosspath = new Crosspath(processes, workspace, {
    transport: 'tcp',
    direct: true,
    profileFolder: null,
  });
  const result = await run(crosspath, await crosspath.start());
  await crosspath.stop();
  return result;
}
