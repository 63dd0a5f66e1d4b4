/** The cause of a step: an event, or a timer set by an earlier step. Ids and times are derived only from the cause. */
import { derivedId } from '../../consumer/derived-id.ts'
import { getEventTime, type Received } from '../../consumer/event.ts'
import { instant } from '../../consumer/instant.ts'
import type { EntityTimer } from './partition-state.ts'

export interface Cause {
  readonly entity: string
  readonly timeMs: number
  /** Returns the time of emissions, RFC 3339. */
  readonly time: () => string
  readonly extensions: Readonly<Record<string, string>>
  /** Returns the id of an emission. Emissions and timers with the same name but different causes have different ids. */
  emissionId(consumer: string, name: string): string
  timerId(consumer: string, name: string, dueMs: number): string
  /** Returns the threshold of a timer that this cause sets. The timer fires when the log's clock has passed the threshold. */
  thresholdMs(dueMs: number): number
}

/** @param setAtMs time of the log's clock at the event */
export function eventCause(event: Received, setAtMs: number, allowedLatenessMs: number): Cause {
  const { entity, timeMs, source, id } = event
  return {
    entity,
    timeMs,
    time: () => getEventTime(event),
    extensions: event.extensions ?? {},
    emissionId: (consumer, name) => derivedId('emission', consumer, source, id, name),
    timerId: (consumer, name, dueMs) => derivedId('timer', consumer, entity, name, dueMs, source, id),
    thresholdMs: dueMs => setAtMs + (dueMs - timeMs) + allowedLatenessMs,
  }
}

/**
 * Returns the cause for a timer that fires. Timers that the step sets are scheduled relative to the due time and threshold of this
 * timer, whose threshold already includes the allowed lateness.
 */
export function timerCause({ entity, timer }: EntityTimer): Cause {
  return {
    entity,
    timeMs: timer.dueMs,
    time: () => instant(timer.dueMs),
    extensions: timer.trace,
    emissionId: (consumer, name) => derivedId('timer-emission', consumer, timer.id, name),
    timerId: (consumer, name, dueMs) => derivedId('timer-timer', consumer, entity, name, dueMs, timer.id),
    thresholdMs: dueMs => timer.thresholdMs + (dueMs - timer.dueMs),
  }
}
