/** When an event happened. */
import type { JSX } from 'preact'
import { Moment } from '../../parts/moment.tsx'

/** A leap second is a valid time of an event, but JavaScript has none. */
export function EventTime({ at }: { readonly at: string }): JSX.Element {
  return Number.isNaN(Date.parse(at)) ? <span>{at}</span> : <Moment at={at} />
}
