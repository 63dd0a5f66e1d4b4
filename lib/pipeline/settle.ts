/** Step 7: what was published leaves the outbox. If this fails, the batch has still succeeded: repeats have the same ids. */
import type { OutboxEntry, Slot, StateStore } from './ports.ts'

export async function settle(store: StateStore, slot: Slot, entries: readonly OutboxEntry[]): Promise<void> {
  await store.settle(
    slot,
    entries.map(({ position }) => position),
  )
}
