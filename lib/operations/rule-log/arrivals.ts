/** Recorded events as a log receives them. Pure. */
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { MAX_STEP_MS } from '../../../packages/runtime/pipeline/log/clock.ts'
import { tick } from '../../telemetry/tick.ts'

/** An event that arrives. */
export interface Arrival {
  /** Milliseconds since the epoch; not before that of the arrival before. */
  readonly arrivedMs: number
  readonly event: Event
}

/** A log that arrivals are appended to, in milliseconds since the epoch. */
interface LogSpan {
  /** Start of the log. Ticks are appended at multiples of an interval from here. */
  readonly startMs: number
  /** Time of the newest record. */
  readonly nowMs: number
}

/**
 * Returns the arrivals with the ticks between them, in lists of limited length. Ticks are as far apart as the clock counts in full. More
 * of them, as in a deployment, would change nothing, because a timer reports the time at which it was due.
 */
export function* inBatches(
  arrivals: Iterable<Arrival>,
  log: LogSpan,
  length: number,
): Generator<readonly Arrival[]> {
  let batch: Arrival[] = []
  for (const arrival of withTicks(arrivals, log)) {
    batch.push(arrival)
    if (batch.length < length) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Ticks do not wait for a gap between readings: alerting would take a log without any for a stopped clock. */
function* withTicks(arrivals: Iterable<Arrival>, { startMs, nowMs }: LogSpan): Generator<Arrival> {
  const passed = Math.floor((nowMs - startMs) / MAX_STEP_MS)
  let tickMs = startMs + (passed + 1) * MAX_STEP_MS
  for (const arrival of arrivals) {
    for (; tickMs <= arrival.arrivedMs; tickMs += MAX_STEP_MS)
      yield { arrivedMs: tickMs, event: tick(0, instant(tickMs)) }
    yield arrival
  }
}
