/** Converts recorded events to the form in which a log receives them. Pure. */
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { MAX_STEP_MS } from '../../../packages/runtime/pipeline/log/clock.ts'
import { tick } from '../../telemetry/tick.ts'

/** Event with its time of arrival. */
export interface Arrival {
  /** Time of arrival in milliseconds since the epoch; not before that of the previous arrival. */
  readonly arrivedMs: number
  readonly event: Event
}

/** Log to which arrivals are appended. Times are in milliseconds since the epoch. */
interface LogSpan {
  /** Start of the log. Ticks are appended at multiples of an interval from it. */
  readonly startMs: number
  /** Time of the newest record. */
  readonly nowMs: number
}

/**
 * Yields the arrivals with ticks between them, in lists of limited length. The interval of ticks is the
 * longest that the clock counts in full. A shorter interval, as in a deployment, would not change the
 * results, because a timer reports the time at which it was due.
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

/** Adds ticks at fixed times, even if readings have no gaps: without ticks, alerting would report a stopped clock. */
function* withTicks(arrivals: Iterable<Arrival>, { startMs, nowMs }: LogSpan): Generator<Arrival> {
  const passed = Math.floor((nowMs - startMs) / MAX_STEP_MS)
  let tickMs = startMs + (passed + 1) * MAX_STEP_MS
  for (const arrival of arrivals) {
    for (; tickMs <= arrival.arrivedMs; tickMs += MAX_STEP_MS)
      yield { arrivedMs: tickMs, event: tick(0, instant(tickMs)) }
    yield arrival
  }
}
