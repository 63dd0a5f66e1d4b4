import { instant } from './instant.ts'

/**
 * A CloudEvents 1.0 event, as the domain sees it: attributes by their names in the specification, extensions apart.
 * Source: CloudEvents 1.0, "Context Attributes".
 */
export interface Event<Data = unknown> {
  readonly id: string
  /** URI-reference: who says so. With `id` it names the event. */
  readonly source: string
  readonly type: string
  readonly subject?: string
  /** RFC 3339, as the producer wrote it; never shortened or normalised on the way through. */
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  readonly data?: Data
  readonly extensions?: Readonly<Record<string, string>>
}

/** An event that came out of the log: its time is known, and what it is about. */
export interface Received<Data = unknown> extends Event<Data> {
  /** Milliseconds since the epoch: the event's `time`, or the record's timestamp where the producer gave none. */
  readonly timeMs: number
  readonly entity: string
}

/**
 * The name of what state is kept for: `source` and `subject`. A source is a URI-reference and holds no space, so the
 * first space parts the two, and no two pairs share a name.
 */
export function entityOf(event: Pick<Event, 'source' | 'subject'>): string {
  return `${event.source} ${event.subject ?? ''}`
}

/** What an entity's name was made of. */
export function partsOfEntity(entity: string): { readonly source: string; readonly subject?: string } {
  const space = entity.indexOf(' ')
  const subject = entity.slice(space + 1)
  return { source: entity.slice(0, space), ...(subject === '' ? {} : { subject }) }
}

/** When the event happened, RFC 3339: as its producer wrote it, or else when the log received it. */
export function timeOf(event: Pick<Received, 'time' | 'timeMs'>): string {
  return event.time ?? instant(event.timeMs)
}
