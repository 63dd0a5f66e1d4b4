/** Assigns positions in the outbox to new failures, which only a rebuild has found. */
import type { Consumer } from '../consumer.ts'
import { entryAt } from '../deciding/emission.ts'
import { failureEventId } from '../failures/failure-record.ts'
import type { RebuiltState } from './rebuilt-state.ts'
import { placeInTakeover, type TakeoverAt } from './takeover.ts'

/**
 * Assigns positions after the emissions of the switch to new failures. At the positions of their records, they could replace
 * entries that the live outbox still contains. Failures that a later attempt has resolved are removed.
 *
 * @param index number of emissions of the switch
 * @returns number of failures that the switch emits
 */
export async function placeNewFailures(
  consumer: Consumer,
  rebuilt: RebuiltState,
  at: TakeoverAt,
  index: number,
): Promise<number> {
  const entries = await rebuilt.newFailures()
  if (entries.length === 0) return 0
  const { partitionState } = at
  const open = new Set(
    (await rebuilt.failures())
      .filter(({ isOpen }) => isOpen)
      .map(failure => failureEventId(consumer.process.name, partitionState.topic, failure)),
  )
  const failures = new Map(entries.filter(({ event }) => open.has(event.id)).map(one => [one.event.id, one]))
  const placed = [...failures.values()].map((entry, number) =>
    entryAt(entry, placeInTakeover(at, index + number)),
  )
  if (placed.length > 0) await rebuilt.add({ outbox: placed })
  const kept = new Set(placed.map(({ position }) => position))
  await rebuilt.remove(entries.map(({ position }) => position).filter(position => !kept.has(position)))
  return placed.length
}
