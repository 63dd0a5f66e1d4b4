/** `--from`: where reading begins. Pure. */

import { parseDuration } from '../../lib/duration.ts'
import { isTimestamp, parseTime } from '../../lib/runtime/cloudevents/attributes.ts'

export type From =
  | 'start'
  | 'end'
  /** The first record that was written then or later. */
  | { readonly timeMs: number }
  | { readonly offset: number }

/** Undefined if the text is none of: start, end, an RFC 3339 time, a duration before now, an offset. */
export function parseFrom(text: string, nowMs: number): From | undefined {
  if (text === 'start' || text === 'end') return text
  if (/^\d{1,15}$/.test(text)) return { offset: Number(text) }
  if (isTimestamp(text)) return { timeMs: parseTime(text) }
  const duration = parseDuration(text)
  return duration === undefined ? undefined : { timeMs: nowMs - duration }
}
