/** Assigns positions in the outbox to new failures, which only a rebuild has found. */
import type { Consumer } from '../consumer.ts'
import { entryAt, placeOf } from '../deciding/emission.ts'
import { failureEventId } from '../failures/failure-record.ts'
import type { Generations } from '../generations/generations.ts'
import type { OutboxEntry } from '../model.ts'
import { failuresById } from './new-failures.ts'
import type { RebuiltState } from './rebuilt-state.ts'
import { firstFailureIndexOf, isOfTakeover, type TakeoverAt } from './takeover.ts'

/**
 * Assigns positions after the emissions of the switch to new failures. At the positions of their records, they could replace
 * entries that the live outbox still contains. Failures that a later attempt has resolved are removed.
 *
 * @returns number of failures that the switch emits
 */
export async function placeNewFailures(
  consumer: Consumer,
  copies: Pick<Generations, 'failures'>,
  rebuilt: RebuiltState,
  at: TakeoverAt,
): Promise<number> {
  const entries = await rebuilt.newFailures()
  if (entries.length === 0) return 0
  const { partitionState } = at
  const remembered = await failuresById(copies, partitionState, 'next')
  const open = new Set(
    [...remembered.values()]
      .filter(({ isOpen }) => isOpen)
      .map(failure => failureEventId(consumer.process.name, partitionState.topic, failure)),
  )
  const placed = new Map<string, OutboxEntry>()
  let index = firstFailureIndexOf(at)
  for (const entry of entries.filter(isPlaced)) {
    if (open.has(entry.event.id)) placed.set(entry.event.id, entry)
    index = Math.max(index, placeOf(entry.position).index + 1)
  }
  const added: OutboxEntry[] = []
  for (const entry of entries) {
    if (!open.has(entry.event.id) || placed.has(entry.event.id)) continue
    const moved = entryAt(entry, { offset: at.appliedOffset, index, generation: at.generation })
    index += 1
    placed.set(entry.event.id, moved)
    added.push(moved)
  }
  if (added.length > 0) await rebuilt.add({ outbox: added })
  const kept = new Set([...placed.values()].map(({ position }) => position))
  await rebuilt.remove(entries.map(({ position }) => position).filter(position => !kept.has(position)))
  return placed.size
}

function isPlaced({ position }: OutboxEntry): boolean {
  return isOfTakeover(placeOf(position))
}
