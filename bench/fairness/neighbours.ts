/** Who keeps the cluster busy beside the reader whose latency is measured. */
import type { LoadPlan } from '../load/load-plan.ts';

export interface Neighbour {
  readonly title: string;
  /** The reader's own unit, or the other one. */
  readonly unit: 'same' | 'other';
  readonly load: Pick<LoadPlan, 'writes' | 'bytesPerCommand' | 'scattered' | 'depth'>;
}

const deepReader = { writes: false, bytesPerCommand: 4096, scattered: true, depth: 128 };
const writer = { writes: true, bytesPerCommand: 262_144, scattered: false, depth: 32 };

export const neighbours: readonly Neighbour[] = [
  { title: '4 KiB reads, depth 128, same unit', unit: 'same', load: deepReader },
  { title: '4 KiB reads, depth 128, other unit', unit: 'other', load: deepReader },
  { title: '256 KiB writes, depth 32, other unit', unit: 'other', load: writer },
];
