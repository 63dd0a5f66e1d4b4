/** Step 5: writes the change of a chunk into the partition state, all or nothing. */
import type { Change, StateKey } from './model.ts'
import type { StateStore } from './ports.ts'

/**
 * Returns true if the change is in the partition state. Returns false if another invocation committed first: then the change is
 * void, and none of it may be published.
 */
export async function commit(store: StateStore, stateKey: StateKey, change: Change): Promise<boolean> {
  return (await store.commit(stateKey, change)) === 'committed'
}
