import type { BlockStore } from '../block-store.ts';
import { gated } from './gate.ts';
import type { StoreOperation } from './operation.ts';

/**
 * Holds every call until told: `hold` gets the call and a function that lets it run, at once or at any time
 * later, once. For tests and the simulator.
 */
export function delay(
  store: BlockStore,
  hold: (operation: StoreOperation, run: () => void) => void,
): BlockStore {
  return gated(store, (operation, run) => hold(operation, run));
}
