/** Adds arrival times and ticks to recorded events, as in a real log. Pure. */
import type { Event } from '../../../packages/runtime/consumer/event.ts'
import { instant } from '../../../packages/runtime/consumer/instant.ts'
import { MAX_STEP_MS } from '../../../packages/runtime/pipeline/log/clock.ts'
import { tick } from '../../telemetry/tick.ts'

/** Event with its time of arrival. */
export interface Arrival {
  /** Arrival time in milliseconds since the epoch. It is never before the previous arrival. */
  readonly arrivedMs: number
  readonly event: Event
}

/** Time range of the log to which events are appended, in milliseconds since the epoch. */
interface LogSpan {
  /** Start of the log. Ticks are appended at multiples of an interval after it. */
  readonly startMs: number
  /** Time of the newest record. */
  readonly nowMs: number
}

/**
 * Yields batches of arrivals, with ticks between them. The interval of ticks is the maximum that the clock counts in full. A
 * shorter interval would not change the result, because a timer reports the time at which it was due.
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

/**
 * Adds ticks at fixed intervals, even between frequent readings. Without ticks, `alerting` would report that the clock has stopped.
 */
function* withTicks(arrivals: Iterable<Arrival>, { startMs, nowMs }: LogSpan): Generator<Arrival> {
  const passed = Math.floor((nowMs - startMs) / MAX_STEP_MS)
  let tickMs = startMs + (passed + 1) * MAX_STEP_MS
  for (const arrival of arrivals) {
    for (; tickMs <= arrival.arrivedMs; tickMs += MAX_STEP_MS)
      yield { arrivedMs: tickMs, event: tick(0, instant(tickMs)) }
    yield arrival
  }
}
