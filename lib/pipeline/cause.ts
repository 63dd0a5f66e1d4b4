/** What a step happens because of: an event, or a timer that an earlier step has set. Ids and times follow from it alone. */
import { derivedId } from '../domain/derived-id.ts'
import { type Received, timeOf } from '../domain/event.ts'
import { instant } from '../domain/instant.ts'
import type { EntityTimer } from './timers.ts'

export interface Cause {
  readonly entity: string
  /** Event time. */
  readonly timeMs: number
  /** The same, RFC 3339. */
  readonly time: string
  /** Where a trace context may be. */
  readonly extensions: Readonly<Record<string, string>>
  /** Ids that tell apart what this cause brings about. */
  emissionId(consumer: string, name: string): string
  timerId(consumer: string, name: string, dueMs: number): string
  /** Where the log's clock has passed a timer that this cause sets. */
  thresholdMs(dueMs: number): number
}

/** @param setAtMs the log's clock at the event */
export function eventCause(event: Received, setAtMs: number, allowedLatenessMs: number): Cause {
  const { entity, timeMs, source, id } = event
  return {
    entity,
    timeMs,
    time: timeOf(event),
    extensions: event.extensions ?? {},
    emissionId: (consumer, name) => derivedId('emission', consumer, source, id, name),
    timerId: (consumer, name, dueMs) => derivedId('timer', consumer, entity, name, dueMs, source, id),
    thresholdMs: dueMs => setAtMs + (dueMs - timeMs) + allowedLatenessMs,
  }
}

/** A timer that a timer sets counts from that one's due and threshold, in which the lateness is contained. */
export function timerCause({ entity, timer }: EntityTimer): Cause {
  return {
    entity,
    timeMs: timer.dueMs,
    time: instant(timer.dueMs),
    extensions: timer.trace,
    emissionId: (consumer, name) => derivedId('timer-emission', consumer, timer.id, name),
    timerId: (consumer, name, dueMs) => derivedId('timer-timer', consumer, entity, name, dueMs, timer.id),
    thresholdMs: dueMs => timer.thresholdMs + (dueMs - timer.dueMs),
  }
}
