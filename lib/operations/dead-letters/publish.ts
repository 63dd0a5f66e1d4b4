/** Publishes the records of an operation in batches. After each batch, its dead letters are marked as handled. */
import { type OutgoingRecord, sizeOf } from '../../../packages/runtime/cloudevents/record.ts'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'
import type { DeadLetterPlace } from '../../queries/dead-letters.ts'
import { type Doing, Places } from './operation.ts'

/** Maximum size of a batch, in bytes. Each batch is one request, which Kafka accepts up to 900 kB. */
const MAX_BYTES = 800 * 1024
const MAX_RECORDS = 2_000
/** Interval between batches if the rate is limited, in milliseconds. */
const LIMITED_BATCH_MS = 250

export interface Pace {
  /** Maximum number of dead letters per second; undefined for no limit. */
  readonly perSecond: number | undefined
  readonly nowMs: () => number
  /** Waits. If the operation is stopped, the wait ends early without an error. */
  readonly wait: (ms: number) => Promise<void>
  /** Returns whether the operation must stop before the next batch. */
  readonly isStopped: () => boolean
}

/** Dead letter to handle. If it has no record to publish, it is only marked as handled. */
interface Departing extends DeadLetterPlace {
  readonly record?: OutgoingRecord
}

interface Batch<Chosen> {
  readonly taken: readonly Chosen[]
  readonly records: readonly OutgoingRecord[]
}

/**
 * Publishes records in batches. After Kafka has acknowledged a batch, its dead letters are marked as handled together with the next
 * batch. A dead letter that is marked as handled was thus always published. After a crash, a record can be published again.
 *
 * @param acknowledged called with the dead letters of each batch after Kafka has acknowledged their records
 * @throws see `Publisher.publish`
 */
export async function publishChosen<Chosen extends Departing>(
  groups: AsyncIterable<readonly Chosen[]>,
  publisher: Publisher,
  doing: Doing,
  pace: Pace,
  acknowledged: (taken: readonly Chosen[]) => void,
): Promise<void> {
  let dueMs = 0
  let inFlight: Promise<Batch<Chosen> | undefined> = Promise.resolve(undefined)
  try {
    for await (const batch of batches(groups, pace)) {
      const before = await inFlight
      // Time that was lost, for example by a long read, is not made up for. The consumer can only process records at the given
      // rate.
      dueMs = Math.max(dueMs, pace.nowMs())
      if (dueMs > pace.nowMs()) await pace.wait(dueMs - pace.nowMs())
      if (pace.isStopped()) break
      if (pace.perSecond !== undefined) dueMs += (batch.taken.length * 1000) / pace.perSecond
      inFlight = publisher.publish([...handled(before, doing), ...batch.records]).then(() => {
        acknowledged(batch.taken)
        return batch
      })
      // A rejection is handled below, while the next batch is being prepared.
      inFlight.catch(() => {})
    }
  } finally {
    // Even if reading dead letters has failed, those already published are marked as handled.
    const last = await inFlight
    if (last) await publisher.publish(handled(last, doing))
  }
}

function handled(batch: Batch<Departing> | undefined, doing: Doing): OutgoingRecord[] {
  const places = new Places()
  for (const one of batch?.taken ?? []) places.add(one)
  return places.records(doing, Date.now())
}

async function* batches<Chosen extends Departing>(
  groups: AsyncIterable<readonly Chosen[]>,
  { perSecond = Number.POSITIVE_INFINITY, isStopped }: Pace,
): AsyncGenerator<Batch<Chosen>> {
  const most = Math.max(1, Math.min(MAX_RECORDS, Math.floor((perSecond * LIMITED_BATCH_MS) / 1000)))
  let taken: Chosen[] = []
  let records: OutgoingRecord[] = []
  let bytes = 0
  for await (const group of groups) {
    for (const one of group) {
      const size = one.record ? sizeOf(one.record) : 0
      if (taken.length > 0 && (taken.length >= most || bytes + size > MAX_BYTES)) {
        yield { taken, records }
        taken = []
        records = []
        bytes = 0
      }
      taken.push(one)
      if (one.record) records.push(one.record)
      bytes += size
    }
    if (isStopped()) break
  }
  if (taken.length > 0) yield { taken, records }
}
