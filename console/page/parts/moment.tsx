/** An instant: as local time; pointing at it shows the date, the zone, and UTC. */
import type { JSX } from 'preact'
import { exactText, timeText } from './times.ts'

/** @param at RFC 3339, or milliseconds since the epoch */
export function Moment({ at }: { readonly at: string | number }): JSX.Element {
  return (
    <time dateTime={new Date(at).toISOString()} title={exactText(at)}>
      {timeText(at, Date.now())}
    </time>
  )
}
