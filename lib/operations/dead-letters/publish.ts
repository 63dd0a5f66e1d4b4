/** Publishes what an operation has chosen, batch by batch, and says after each that its dead letters are handled. */
import { type OutgoingRecord, sizeOf } from '../../../packages/runtime/cloudevents/record.ts'
import type { Publisher } from '../../../packages/runtime/pipeline/ports.ts'
import type { DeadLetterPlace } from '../../queries/dead-letters.ts'
import { type Doing, Places } from './operation.ts'

/** A batch is one request to Kafka, which takes up to 900 kB. */
const MAX_BYTES = 800 * 1024
const MAX_RECORDS = 2_000
/** A limited rate is applied to batches of this duration. */
const LIMITED_BATCH_MS = 250

export interface Pace {
  /** Dead letters a second; undefined for as many as possible. */
  readonly perSecond: number | undefined
  readonly nowMs: () => number
  /** Ends early, without an error, when the operation is stopped. */
  readonly wait: (ms: number) => Promise<void>
  /** Whether to stop before the next batch. */
  readonly isStopped: () => boolean
}

/** A dead letter that leaves; without a record, it is only marked as handled. */
interface Departing extends DeadLetterPlace {
  readonly record?: OutgoingRecord
}

interface Batch<Chosen> {
  readonly taken: readonly Chosen[]
  readonly records: readonly OutgoingRecord[]
}

/**
 * Publishes the records of a batch, waits until they are acknowledged, and publishes with the next batch that they are handled.
 * So one that was published can be published again after a crash, and one that is handled was published. Meanwhile the next
 * batch is made.
 *
 * @param acknowledged called with the dead letters of each batch once Kafka has their records
 * @throws as `Publisher.publish` does
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
      // A pause, such as a long read, is not caught up: the rate is what a consumer can take.
      dueMs = Math.max(dueMs, pace.nowMs())
      if (dueMs > pace.nowMs()) await pace.wait(dueMs - pace.nowMs())
      if (pace.isStopped()) break
      if (pace.perSecond !== undefined) dueMs += (batch.taken.length * 1000) / pace.perSecond
      inFlight = publisher.publish([...handled(before, doing), ...batch.records]).then(() => {
        acknowledged(batch.taken)
        return batch
      })
      // A rejection is handled below; the next batch is made meanwhile.
      inFlight.catch(() => {})
    }
  } finally {
    // If the dead letters cannot be read on, those that were published are handled all the same.
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
