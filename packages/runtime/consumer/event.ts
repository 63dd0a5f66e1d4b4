import { instant } from './instant.ts'

/** A CloudEvents 1.0 event; extensions are kept separately from the context attributes. */
export interface Event<Data = unknown> {
  readonly id: string
  /** URI-reference that identifies the producer. Together with `id` it identifies the event. */
  readonly source: string
  readonly type: string
  readonly subject?: string
  /** RFC 3339, exactly as the producer wrote it; never shortened or normalised. */
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly data?: Data
  readonly extensions?: Readonly<Record<string, string>>
}

/** An event that was read from the log, with its time and its entity. */
export interface Received<Data = unknown> extends Event<Data> {
  /** Milliseconds since the epoch: the event's `time`, or the record's timestamp if the producer gave no time. */
  readonly timeMs: number
  readonly entity: string
}

/** Returns an entity's name: source, space, subject. A source has no space, so different pairs differ. */
export function entityOf(event: Pick<Event, 'source' | 'subject'>): string {
  return `${event.source} ${event.subject ?? ''}`
}

/** The source and subject in an entity's name. */
export function partsOfEntity(entity: string): { readonly source: string; readonly subject?: string } {
  const space = entity.indexOf(' ')
  const subject = entity.slice(space + 1)
  return { source: entity.slice(0, space), ...(subject === '' ? {} : { subject }) }
}

/** When the event happened, as RFC 3339: as its producer wrote it, or else when the log received it. */
export function timeOf(event: Pick<Received, 'time' | 'timeMs'>): string {
  return event.time ?? instant(event.timeMs)
}
