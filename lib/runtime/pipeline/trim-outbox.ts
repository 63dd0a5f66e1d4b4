/** Step 7: removes published entries from the outbox. If this fails, the batch still succeeds: repeats have the same ids. */
import type { OutboxEntry, StateKey } from './model.ts'
import type { StateStore } from './ports.ts'

export async function trimOutbox(
  store: StateStore,
  stateKey: StateKey,
  entries: readonly OutboxEntry[],
): Promise<void> {
  await store.trimOutbox(
    stateKey,
    entries.map(({ position }) => position),
  )
}
