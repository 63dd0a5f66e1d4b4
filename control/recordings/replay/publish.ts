/** Publishes recorded items in large requests at the times when they are due. */
import { estimateSize, type OutgoingRecord } from '#runtime/cloudevents'
import type { Publisher } from '#runtime/pipeline'

/** Record to publish. */
export interface DueRecord {
  readonly paceMs: number | undefined
  /** Time of the event in the record, in milliseconds since the epoch. */
  readonly eventMs: number | undefined
  readonly record: OutgoingRecord
}

/** Maximum size of a request. Kafka applies the topic's limit of 1 MiB to all records of a partition in a request. */
export const REQUEST_LIMITS = { records: 500, bytes: 512 * 1024 } as const

/** Clock that counts milliseconds since the start of the replay. Its wait rejects when the replay is stopped. */
export interface Stopwatch {
  elapsedMs(): number
  wait(ms: number): Promise<void>
}

/**
 * Yields requests in order, each at the time when its records are due. Records that are due at the same time are combined in a
 * request.
 *
 * @param dueMs returns the due time in milliseconds after the start, see `pace.ts`
 */
export async function* groupIntoRequests(
  groups: AsyncIterable<readonly DueRecord[]>,
  dueMs: (recordedMs: number | undefined) => number,
  stopwatch: Stopwatch,
): AsyncGenerator<readonly DueRecord[]> {
  for await (const group of groups) {
    let request: DueRecord[] = []
    let bytes = 0
    for (const due of group) {
      const dueAtMs = dueMs(due.paceMs)
      const size = estimateSize(due.record)
      const isFull = request.length >= REQUEST_LIMITS.records || bytes + size > REQUEST_LIMITS.bytes
      if (request.length > 0 && (isFull || dueAtMs > stopwatch.elapsedMs())) {
        yield request
        request = []
        bytes = 0
      }
      const early = dueAtMs - stopwatch.elapsedMs()
      if (early > 0) await stopwatch.wait(early)
      request.push(due)
      bytes += size
    }
    if (request.length > 0) yield request
  }
}

/** Progress of a replay. It is updated during the replay. */
export interface ReplayCounts {
  /** Number of acknowledged records. */
  acknowledged: number
  /** Number of events that were published so early that consumers reject them. */
  ahead: number
}

/**
 * Publishes requests in order. Rejects with the error of the first request that could not be prepared or was not acknowledged.
 *
 * @param futureToleranceMs maximum time, in milliseconds, by which consumers accept an event early
 */
export async function publishAll(
  requests: AsyncIterable<readonly DueRecord[]>,
  publisher: Publisher,
  counts: ReplayCounts,
  { futureToleranceMs, nowMs }: { readonly futureToleranceMs: number; readonly nowMs: () => number },
): Promise<void> {
  for await (const request of requests) {
    const latestMs = nowMs() + futureToleranceMs
    await publisher.publish(request.map(({ record }) => record))
    counts.ahead += request.filter(({ eventMs }) => eventMs !== undefined && eventMs > latestMs).length
    counts.acknowledged += request.length
  }
}
