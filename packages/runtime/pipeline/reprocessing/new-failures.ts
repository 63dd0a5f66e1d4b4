/**
 * Failures that only a rebuild has found: the live consumer has applied these records, so they have no failure records. They wait
 * in the outbox of the rebuilt state, and are emitted from the switch on.
 */
import type { LogRecord } from '../../cloudevents/record.ts'
import type { FailureData } from '../../consumer/failure-event.ts'
import type { Consumer } from '../consumer.ts'
import { fingerprint } from '../deciding/fingerprint.ts'
import { type Decoded, decode } from '../decoding/decode.ts'
import { failureEventId } from '../failures/failure-record.ts'
import type { Generations } from '../generations/generations.ts'
import type { Change, OutboxEntry, RememberedFailure, StateKey } from '../model.ts'

/** Returns the failures that the live state remembers, by their ids. */
export async function failuresById(
  copies: Pick<Generations, 'failures'>,
  partitionState: StateKey,
  copy?: Parameters<Generations['failures']>[1],
): Promise<Map<string, RememberedFailure>> {
  const found = new Map<string, RememberedFailure>()
  // The newest come first.
  for await (const failure of copies.failures(partitionState, copy))
    if (!found.has(failure.id)) found.set(failure.id, failure)
  return found
}

/**
 * Returns the failure records of a change of the rebuilt state that the live consumer has not emitted. Those of timers are
 * excluded, because no state remembers their emission.
 *
 * @param live what the live state remembers, at the offset of the change or behind it
 */
export function newFailures(
  { process }: Consumer,
  { topic }: StateKey,
  { failures, outbox }: Pick<Change, 'failures' | 'outbox'>,
  live: ReadonlyMap<string, RememberedFailure>,
): readonly OutboxEntry[] {
  const told = failures.filter(failure => !hasFailed(live.get(failure.id), failure))
  const ids = new Set(told.map(failure => failureEventId(process.name, topic, failure)))
  return outbox.filter(({ event }) => ids.has(event.id))
}

/** Whether the live consumer has failed at this attempt, too. A closed failure has the attempt that closed it. */
function hasFailed(live: RememberedFailure | undefined, { attempt }: RememberedFailure): boolean {
  return live !== undefined && (live.attempt > attempt || (live.attempt === attempt && live.isOpen))
}

/**
 * The ids of the events that have failed: a retry of one must not count as a repeat of an event that the live consumer has
 * applied. Rejects with `Unavailable` if a schema cannot be fetched.
 */
export async function failedEventIds(
  consumer: Consumer,
  entries: readonly OutboxEntry[],
): Promise<ReadonlySet<string>> {
  const records = entries.map(({ event }) => failedRecordOf(event.data as FailureData))
  await consumer.reader?.prepare(records)
  const ids = new Set<string>()
  for (const record of records) {
    const id = eventIdOf(decode(record, consumer))
    if (id !== undefined) ids.add(id)
  }
  return ids
}

/** Also of an event that the deployed code does not accept any more. Undefined if the record holds none, or only a part of it. */
export function eventIdOf(decoded: Decoded): string | undefined {
  if (decoded.kind === 'event') return decoded.fingerprint.id
  return decoded.event && fingerprint(decoded.event)?.id
}

/** The record that a failure record carries. */
export function failedRecordOf(data: FailureData): LogRecord {
  const bytes = (base64: string | null) => (base64 === null ? null : Buffer.from(base64, 'base64'))
  return {
    topic: data.originalTopic,
    partition: data.originalPartition,
    offset: data.originalOffset,
    timestampMs: data.originalTimestamp,
    key: bytes(data.originalKey),
    value: bytes(data.originalValue),
    headers: data.originalHeaders.map(({ name, value }) => [name, Buffer.from(value, 'base64')] as const),
  }
}
