/** Recorded events as a log receives them. Pure. */
import type { Event } from '../../runtime/consumer/event.ts'
import { instant } from '../../runtime/consumer/instant.ts'
import { LONGEST_STEP_MS } from '../../runtime/pipeline/log/clock.ts'
import { tick } from '../../telemetry/tick.ts'

/** An event that arrives. */
export interface Arrival {
  /** Milliseconds since the epoch; not before that of the arrival before. */
  readonly arrivedMs: number
  readonly event: Event
}

/**
 * The arrivals with the ticks between them, in lists of limited length. Ticks are as far apart as the clock counts in full: more of
 * them, as in a deployment, would change nothing, because a timer tells the time at which it was due.
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
    while (nowMs + LONGEST_STEP_MS <= arrival.arrivedMs) {
      nowMs += LONGEST_STEP_MS
      yield { arrivedMs: nowMs, event: tick(0, instant(nowMs)) }
    }
    nowMs = arrival.arrivedMs
    yield arrival
  }
}
