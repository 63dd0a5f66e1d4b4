import { instant } from './instant.ts'

/** A CloudEvents 1.0 event; extensions are kept separately from the context attributes. */
export interface Event<Data = unknown> {
  readonly id: string
  /** URI reference that identifies the producer. Together with `id`, it identifies the event. */
  readonly source: string
  readonly type: string
  readonly subject?: string
  /** Time of the event, RFC 3339, exactly as the producer wrote it. */
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly data?: Data
  readonly extensions?: Readonly<Record<string, string>>
}

/** An event that was read from the log, with its effective time and its entity. */
export interface Received<Data = unknown> extends Event<Data> {
  /** Time of the event in milliseconds since the epoch: its `time`, or the record's timestamp if the producer gave no time. */
  readonly timeMs: number
  readonly entity: string
}

/** Returns the name of an entity: source, space, subject. A source contains no spaces, so names are unique. */
export function entityOf(event: Pick<Event, 'source' | 'subject'>): string {
  return `${event.source} ${event.subject ?? ''}`
}

/** Splits the name of an entity into source and subject. */
export function partsOfEntity(entity: string): { readonly source: string; readonly subject?: string } {
  const space = entity.indexOf(' ')
  const subject = entity.slice(space + 1)
  return { source: entity.slice(0, space), ...(subject === '' ? {} : { subject }) }
}

/** Returns the time of the event, RFC 3339: as written by the producer, or else the time when the log received it. */
export function timeOf(event: Pick<Received, 'time' | 'timeMs'>): string {
  return event.time ?? instant(event.timeMs)
}
