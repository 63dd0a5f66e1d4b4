/** Filter conditions for dead letters in requests. */
import * as v from 'valibot'
import { parseDuration } from '../../../lib/duration.ts'
import type { DeadLetterFilter } from '../../../lib/queries/dead-letter-pages.ts'

const MAX_NAME_LENGTH = 1_000

const name = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(MAX_NAME_LENGTH, 'is too long'))
/** Time in a query: a duration before now, or an absolute time. */
const time = v.pipe(
  v.string(),
  v.check(
    text => parseDuration(text) !== undefined || !Number.isNaN(Date.parse(text)),
    'must be a duration before now, such as 1h, or an RFC 3339 time',
  ),
)

/** Query parameters of a filter. */
export const CONDITIONS = {
  code: v.optional(name),
  consumer: v.optional(name),
  entity: v.optional(name),
  type: v.optional(name),
  since: v.optional(time),
  until: v.optional(time),
}

const atMs = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Filter conditions of an operation, with absolute times. */
export const FILTER = v.strictObject({
  code: v.optional(name),
  consumer: v.optional(name),
  entity: v.optional(name),
  type: v.optional(name),
  sinceMs: v.optional(atMs),
  untilMs: v.optional(atMs),
})

/** Position in the dlq topic: `2@17`, or `2:17` in URLs of the page. */
export const PLACE = v.pipe(
  v.string(),
  v.regex(
    /^\d{1,9}[@:]\d{1,15}$/,
    'must be the position of a dead letter in its topic, PARTITION:OFFSET, such as 2:17',
  ),
  v.transform(text => text.replace(':', '@')),
)

export interface Conditions {
  readonly code?: string | undefined
  readonly consumer?: string | undefined
  readonly entity?: string | undefined
  readonly type?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

export function filterFrom({ since, until, ...others }: Conditions, nowMs: number): DeadLetterFilter {
  const { code, consumer, entity, type } = others
  return { code, consumer, entity, type, sinceMs: msOf(since, nowMs), untilMs: msOf(until, nowMs) }
}

function msOf(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  const agoMs = parseDuration(text)
  return agoMs === undefined ? Date.parse(text) : nowMs - agoMs
}
