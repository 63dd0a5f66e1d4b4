import type { Mapping } from '../config/mappings.ts'
import type { Message } from '../invoke/event.ts'
import type { EventContent } from '../invoke/event-content.ts'
import { MAX_PAYLOAD_BYTES } from '../invoke/event-size.ts'
import type { Intake } from '../poll/intake.ts'
import { PartitionQueue, type PendingRecord } from '../poll/partition-queue.ts'
import { eventOf } from './invocation-record.ts'

interface NewestEvent {
  readonly event: EventContent
  readonly records: number
}

/**
 * Returns the event that the function would receive for the newest of these records. It contains as many of them as fit into one
 * event.
 */
export async function newestEvent(
  found: ReadonlyMap<number, readonly Message[]>,
  count: number,
  {
    mapping,
    brokers,
    intake,
  }: { readonly mapping: Mapping; readonly brokers: readonly string[]; readonly intake: Intake },
): Promise<NewestEvent> {
  const origin = { mapping, brokers }
  const envelopeBytes = Buffer.byteLength(eventOf([], origin).json())
  const candidates: { queue: PartitionQueue; record: PendingRecord }[] = []
  for (const [partition, messages] of found) {
    const queue = new PartitionQueue(mapping, partition, 0, envelopeBytes)
    queue.reserve(messages)(await intake(partition, messages), 0)
    for (const record of queue.take(messages.length))
      if (record.packed && !record.undeliverable) candidates.push({ queue, record })
  }
  candidates.sort((a, b) => b.record.timestampMs - a.record.timestampMs || b.record.offset - a.record.offset)
  const chosen = new Map<number, PendingRecord[]>()
  let left = MAX_PAYLOAD_BYTES - envelopeBytes
  let records = 0
  for (const { queue, record } of candidates.slice(0, count)) {
    const { partition, eventBytes } = queue
    left -= record.eventBytes + (chosen.has(partition) ? 0 : eventBytes)
    if (left < 0) break
    chosen.set(partition, [...(chosen.get(partition) ?? []), record])
    records += 1
  }
  const parts = [...chosen]
    .sort(([a], [b]) => a - b)
    .map(([partition, list]) => ({
      partition,
      records: list.sort((a, b) => a.offset - b.offset),
    }))
  return { event: eventOf(parts, origin), records }
}
