/** What is measured: the rows of the table. */

export interface Workload {
  /** What `--only` and the kept results call it. */
  readonly name: string;
  readonly title: string;
  readonly writes: boolean;
  readonly bytesPerCommand: number;
  readonly depth: number;
  /** Scattered over the whole unit, or one behind the other. */
  readonly scattered: boolean;
}

export const Workloads: readonly Workload[] = [
  {
    name: 'read-4k-1',
    title: '4 KiB random read, depth 1',
    writes: false,
    bytesPerCommand: 4096,
    depth: 1,
    scattered: true,
  },
  {
    name: 'read-4k-32',
    title: '4 KiB random read, depth 32',
    writes: false,
    bytesPerCommand: 4096,
    depth: 32,
    scattered: true,
  },
  {
    name: 'write-4k-32',
    title: '4 KiB scattered write, depth 32',
    writes: true,
    bytesPerCommand: 4096,
    depth: 32,
    scattered: true,
  },
  {
    name: 'read-256k-8',
    title: '256 KiB sequential read, depth 8',
    writes: false,
    bytesPerCommand: 262144,
    depth: 8,
    scattered: false,
  },
  {
    name: 'write-256k-8',
    title: '256 KiB sequential write, depth 8',
    writes: true,
    bytesPerCommand: 262144,
    depth: 8,
    scattered: false,
  },
];

/** Bytes of each unit under test: small enough that all copies stay in the page cache. */
export const UNIT_BYTES = 1 << 30;
