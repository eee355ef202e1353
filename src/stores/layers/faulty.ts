import type { Errno } from '../../env/disk.ts';
import type { BlockStore } from '../block-store.ts';
import { gated } from './gate.ts';
import type { StoreOperation } from './operation.ts';

/**
 * Fails the calls for which `fault` gives an errno, without running them; null lets a call run. For tests and
 * the simulator.
 */
export function faulty(store: BlockStore, fault: (operation: StoreOperation) => Errno | null): BlockStore {
  return gated(store, (operation, run, fail) => {
    const error = fault(operation);
    if (error === null) run();
    else fail(error);
  });
}
