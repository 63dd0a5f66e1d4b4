/** Collects the known positions of a path's records. Pure. */
import { placeText } from './draft.ts'
import type { FoundRecord, RecordPosition, ToldSpan } from './model.ts'

/** Returns all known positions without duplicates. */
export function placesOf(
  spans: readonly ToldSpan[],
  records: readonly FoundRecord[],
): readonly RecordPosition[] {
  const told = spans.flatMap(span =>
    span.kind === 'record' && span.topic !== undefined
      ? [{ topic: span.topic, partition: span.partition, offset: span.offset }]
      : [],
  )
  const read = records.map(({ record: { topic, partition, offset } }) => ({ topic, partition, offset }))
  return [...new Map([...told, ...read].map(place => [placeText(place), place])).values()]
}

export interface Unplaced {
  readonly topic: string
  readonly id: string
  readonly emittedAtMs: number
}

/**
 * Returns the emitted events whose positions are unknown, because no consumer has reported reading them. For example, their topic
 * may have no consumers.
 */
export function unplaced(spans: readonly ToldSpan[]): readonly Unplaced[] {
  const read = new Set(spans.flatMap(({ kind, event }) => (kind === 'record' && event ? [event.id] : [])))
  return spans.flatMap(span =>
    span.kind === 'emission' && !read.has(span.event.id)
      ? [{ topic: span.topic, id: span.event.id, emittedAtMs: span.toMs }]
      : [],
  )
}
