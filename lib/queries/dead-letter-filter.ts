/** Which dead letters are asked for. Pure. */
import { isFailure } from '../../packages/runtime/cloudevents/event.ts'
import { readEvent } from '../../packages/runtime/cloudevents/reader.ts'
import { type Event, entityOf } from '../../packages/runtime/consumer/event.ts'
import type { FoundDeadLetter } from './dead-letter-records.ts'

/** Without a condition, all of them. */
export interface DeadLetterFilter {
  /** Written to the dlq topic at this time or later; milliseconds since the epoch. */
  readonly sinceMs?: number | undefined
  /** Written before this time. */
  readonly untilMs?: number | undefined
  /** A failure code. */
  readonly code?: string | undefined
  readonly consumer?: string | undefined
  /** Of the event that failed: `source`, a space, `subject`; or the subject alone. */
  readonly entity?: string | undefined
  /** CloudEvents `type` of the event that failed. */
  readonly type?: string | undefined
}

/** Whether a dead letter meets all conditions. A record that is not an event has neither entity nor type. */
export function meets(found: FoundDeadLetter, filter: DeadLetterFilter): boolean {
  const { code, consumer, entity, type } = filter
  const { errorType, consumer: failedIn } = found.deadLetter
  if (!isWritten(found, filter)) return false
  if ((code ?? errorType) !== errorType || (consumer ?? failedIn) !== failedIn) return false
  if (entity === undefined && type === undefined) return true
  const event = originalEvent(found)
  if (!event || (type ?? event.type) !== event.type) return false
  return entity === undefined || entity === entityOf(event).trim() || entity === event.subject
}

/** Whether it was written in the time that is asked for: all that can be asked of one that is broken. */
export function isWritten(
  { writtenAtMs }: { readonly writtenAtMs: number },
  { sinceMs, untilMs }: DeadLetterFilter,
): boolean {
  return writtenAtMs >= (sinceMs ?? writtenAtMs) && (untilMs === undefined || writtenAtMs < untilMs)
}

/** The event that failed; undefined if the record is not one. */
export function originalEvent({ original }: Pick<FoundDeadLetter, 'original'>): Event | undefined {
  const { value, headers } = original
  const event = readEvent({ value, headers: headers.map(({ name, value }) => [name, value] as const) })
  return isFailure(event) ? undefined : event
}
