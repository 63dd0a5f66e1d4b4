import { instant } from './instant.ts'

/** A CloudEvents 1.0 event. Extension attributes are in a separate member. */
export interface Event<Data = unknown> {
  readonly id: string
  /** URI reference that identifies the producer. The event is identified by `source` and `id` together. */
  readonly source: string
  readonly type: string
  readonly subject?: string
  /** Event time, RFC 3339, unchanged from the producer. */
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly data?: Data
  readonly extensions?: Readonly<Record<string, string>>
}

/** An event that was read from the log, with its event time and its entity. */
export interface Received<Data = unknown> extends Event<Data> {
  /** Event time in milliseconds since the epoch. If the producer has not set `time`, this is the timestamp of the record. */
  readonly timeMs: number
  /** Time at which its record was written, or the one that failed, in milliseconds since the epoch; absent for a tick. */
  readonly writtenMs?: number
  readonly entity: string
}

/** Returns the name of an entity: its source, a space, and its subject. Because a source contains no spaces, names are unique. */
export function formatEntity(event: Pick<Event, 'source' | 'subject'>): string {
  return `${event.source} ${event.subject ?? ''}`
}

/** Splits the name of an entity into source and subject. */
export function parseEntity(entity: string): { readonly source: string; readonly subject?: string } {
  const space = entity.indexOf(' ')
  const subject = entity.slice(space + 1)
  return { source: entity.slice(0, space), ...(subject === '' ? {} : { subject }) }
}

/** Returns the event time, RFC 3339: the `time` that the producer has set, or else the timestamp of the record. */
export function getEventTime(event: Pick<Received, 'time' | 'timeMs'>): string {
  return event.time ?? instant(event.timeMs)
}
