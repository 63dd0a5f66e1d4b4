/** Step 5: the change of a wave goes into the slot, all or nothing. */
import type { Change, Slot, StateStore } from './ports.ts'

/**
 * True where the change is in the slot. False where another invocation was faster: whatever was computed is void, and
 * nothing of it may be published.
 */
export async function commit(store: StateStore, slot: Slot, change: Change): Promise<boolean> {
  return (await store.commit(slot, change)) === 'committed'
}
