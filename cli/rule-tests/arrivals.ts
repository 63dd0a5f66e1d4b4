/** Recorded events as a log receives them. Pure. */
import type { Event } from '../../lib/runtime/consumer/event.ts'
import { instant } from '../../lib/runtime/consumer/instant.ts'
import { tick } from '../../lib/telemetry/tick.ts'

/** How often a tick is appended to each partition, as in a deployment. */
export const TICK_MS = 60_000

/** An event that arrives. */
export interface Arrival {
  /** Milliseconds since the epoch; not before that of the arrival before. */
  readonly arrivedMs: number
  readonly event: Event
}

/**
 * The arrivals with the ticks between them, in lists of limited length.
 *
 * @param startMs when the log was appended to before
 */
export function* inBatches(
  arrivals: Iterable<Arrival>,
  startMs: number,
  length: number,
): Generator<readonly Arrival[]> {
  let batch: Arrival[] = []
  for (const arrival of withTicks(arrivals, startMs)) {
    batch.push(arrival)
    if (batch.length < length) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function* withTicks(arrivals: Iterable<Arrival>, startMs: number): Generator<Arrival> {
  let nowMs = startMs
  for (const arrival of arrivals) {
    while (nowMs + TICK_MS <= arrival.arrivedMs) {
      nowMs += TICK_MS
      yield { arrivedMs: nowMs, event: tick(0, instant(nowMs)) }
    }
    nowMs = arrival.arrivedMs
    yield arrival
  }
}
