/**
 * Failures that occur only in a rebuild. The live consumer has applied their records, so no failure records exist. They wait in the
 * outbox of the rebuilt state and are emitted after the switch.
 */
import type { FailureData } from '../../consumer/failure-event.ts'
import type { Consumer } from '../consumer.ts'
import { type Decoded, decode } from '../decoding/decode.ts'
import type { RememberedFailure } from '../model/failure-memory.ts'
import { fingerprint } from '../model/fingerprint.ts'
import type { OutboxEntry, StateKey } from '../model/partition-state.ts'
import type { Change } from '../model/snapshot.ts'
import { failureEventId, restoreFailedRecord } from '../outbox/failure-record.ts'
import { entryAt } from '../outbox/position.ts'
import type { StateContents } from '../replacing/replaceable-states.ts'
import { placeInTakeover, type TakeoverAt } from './entity-takeover.ts'

/** Returns failures by id. @param failures newest versions of the failures first */
export async function collectFailures(
  failures: AsyncIterable<RememberedFailure>,
): Promise<Map<string, RememberedFailure>> {
  const found = new Map<string, RememberedFailure>()
  for await (const failure of failures) if (!found.has(failure.id)) found.set(failure.id, failure)
  return found
}

/**
 * Returns the failure records that a change to the rebuilt state adds but the live consumer has not emitted. Failures of timers are
 * excluded, because it is not remembered whether they were emitted.
 *
 * @param live failures that the live state remembers, at or after the offset of the change
 */
export function selectNewFailures(
  { process }: Consumer,
  stateKey: StateKey,
  { failures, outbox }: Pick<Change, 'failures' | 'outbox'>,
  live: ReadonlyMap<string, RememberedFailure>,
): readonly OutboxEntry[] {
  const unreportedFailures = failures.filter(failure => !hasFailed(live.get(failure.id), failure))
  const ids = new Set(unreportedFailures.map(failure => failureEventId(process.name, stateKey, failure)))
  return outbox.filter(({ event }) => ids.has(event.id))
}

/** Returns true if this attempt has also failed in the live state. The last attempt at a closed failure has succeeded. */
function hasFailed(live: RememberedFailure | undefined, { attempt }: RememberedFailure): boolean {
  return live !== undefined && (live.attempt > attempt || (live.attempt === attempt && live.isOpen))
}

/**
 * Returns the ids of the failed events. These ids must not be known in the rebuilt state, because the retry of a failed event would
 * otherwise count as a repeat. Rejects with `Unavailable` if a schema cannot be fetched.
 */
export async function collectFailedEventIds(
  consumer: Consumer,
  entries: readonly OutboxEntry[],
): Promise<ReadonlySet<string>> {
  const records = entries.map(({ event }) => restoreFailedRecord(event.data as FailureData))
  await consumer.reader?.prepare(records)
  const ids = new Set<string>()
  for (const record of records) {
    const id = findEventId(decode(record, consumer))
    if (id !== undefined) ids.add(id)
  }
  return ids
}

/**
 * Returns the id of the record's event, even if the deployed code no longer accepts its type. Returns undefined if the record
 * contains no complete event.
 */
export function findEventId(decoded: Decoded): string | undefined {
  if (decoded.kind === 'event') return decoded.fingerprint.id
  return decoded.event && fingerprint(decoded.event)?.id
}

/** Parts of a rebuilt state that contain its new failures. */
interface FailuresOfRebuild {
  newFailures(): Promise<readonly OutboxEntry[]>
  readonly contents: Pick<StateContents, 'failures'>
  add(addition: { readonly outbox: readonly OutboxEntry[] }): Promise<void>
  remove(positions: readonly string[]): Promise<void>
}

/**
 * Assigns positions after the emissions of the switch to new failures. At the positions of their records, they could replace
 * entries that the live outbox still contains. Failures that a later attempt has resolved are removed.
 *
 * @param index number of emissions of the switch
 * @returns number of failures that the switch emits
 */
export async function placeNewFailures(
  consumer: Consumer,
  rebuilt: FailuresOfRebuild,
  at: TakeoverAt,
  index: number,
): Promise<number> {
  const entries = await rebuilt.newFailures()
  if (entries.length === 0) return 0
  const { partitionState } = at
  const remembered = await collectFailures(rebuilt.contents.failures(partitionState))
  const open = new Set(
    [...remembered.values()]
      .filter(({ isOpen }) => isOpen)
      .map(failure => failureEventId(consumer.process.name, partitionState, failure)),
  )
  const failures = new Map(
    entries.filter(({ event }) => open.has(event.id)).map(entry => [entry.event.id, entry]),
  )
  const placed = [...failures.values()].map((entry, number) =>
    entryAt(entry, placeInTakeover(at, index + number)),
  )
  if (placed.length > 0) await rebuilt.add({ outbox: placed })
  const keptPositions = new Set(placed.map(({ position }) => position))
  await rebuilt.remove(
    entries.map(({ position }) => position).filter(position => !keptPositions.has(position)),
  )
  return placed.length
}
