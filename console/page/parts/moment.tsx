/** An instant: as local time, with the exact one for whoever points at it. */
import type { JSX } from 'preact'
import { timeText } from './words.ts'

/** @param at RFC 3339, or milliseconds since the epoch */
export function Moment({ at }: { readonly at: string | number }): JSX.Element {
  const exact = new Date(at).toISOString()
  return (
    <time dateTime={exact} title={exact}>
      {timeText(at, Date.now())}
    </time>
  )
}
