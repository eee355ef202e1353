/** What a sampled heap profile says of who allocates. */
import { shortUrl } from '../../profile.ts';

/** Parts of the Chrome DevTools Protocol's HeapProfiler.SamplingHeapProfile that are used here. */
export interface HeapProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** Of the function, from 0. */
    readonly lineNumber: number;
  };
  /** Bytes of what it has allocated itself. */
  readonly selfSize: number;
  readonly children: readonly HeapProfileNode[];
}

export interface HeapProfile {
  readonly head: HeapProfileNode;
  /** One for each object. */
  readonly samples: readonly { readonly nodeId: number }[];
}

/** What one function has allocated. */
export interface Site {
  /** "TaskTable.beginCommand src/iscsi/session/task-table.js:88"; before it what of the language it has called for that, if it has. */
  readonly name: string;
  readonly bytes: number;
  readonly objects: number;
}

/** The benchmark, and the profiler in it. */
const NOT_THE_PROGRAM = /^\S* (bench\/|node:inspector)/;

/** By function, most bytes first, without what the benchmark itself has allocated. */
export function allocationSites({ head, samples }: HeapProfile): Site[] {
  const objects = new Map<number, number>();
  for (const { nodeId } of samples) objects.set(nodeId, (objects.get(nodeId) ?? 0) + 1);
  const sites = new Map<string, Site>();
  /** `caller`: the function of a file that `node` is called by. */
  const visit = (node: HeapProfileNode, caller: string): void => {
    const { functionName, url, lineNumber } = node.callFrame;
    const name = functionName || '(anonymous)';
    const place = url === '' ? caller : `${name} ${shortUrl(url)}:${lineNumber + 1}`;
    const site = url === '' ? `${name}, called by ${caller}` : place;
    if (node.selfSize > 0 && !NOT_THE_PROGRAM.test(place)) {
      const { bytes = 0, objects: before = 0 } = sites.get(site) ?? {};
      const count = before + (objects.get(node.id) ?? 0);
      sites.set(site, { name: site, bytes: bytes + node.selfSize, objects: count });
    }
    for (const child of node.children) visit(child, place);
  };
  visit(head, '(nobody)');
  return [...sites.values()].sort((a, b) => b.bytes - a.bytes);
}
