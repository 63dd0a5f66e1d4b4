/** Filter conditions for dead letters in requests. */
import * as v from 'valibot'
import { parseDuration } from '../../../lib/support/duration.ts'

const name = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(1_000, 'is too long'))
const atMs = v.pipe(v.number(), v.integer(), v.minValue(0))
const NAMES = { code: v.optional(name), consumer: v.optional(name), entity: v.optional(name) }

/** Conditions of a list. `since` is a duration before now, so that an address keeps its meaning. */
export const CONDITIONS = {
  ...NAMES,
  since: v.optional(
    v.pipe(
      v.string(),
      v.check(text => parseDuration(text) !== undefined, 'must be a duration before now, such as 1h'),
    ),
  ),
}

/** Filter conditions of an operation, with absolute times. */
export const FILTER = v.strictObject({ ...NAMES, sinceMs: v.optional(atMs), untilMs: v.optional(atMs) })

type Conditions = v.InferOutput<ReturnType<typeof v.object<typeof CONDITIONS>>>

export function toFilter({ since, ...named }: Conditions, nowMs: number): v.InferOutput<typeof FILTER> {
  const agoMs = since === undefined ? undefined : parseDuration(since)
  return { ...named, ...(agoMs === undefined ? {} : { sinceMs: nowMs - agoMs }) }
}

/** Position in the dlq topic: `2@17`, or `2:17` in URLs of the page. */
export const PLACE = v.pipe(
  v.string(),
  v.regex(
    /^\d{1,9}[@:]\d{1,15}$/,
    'must be the position of a dead letter in its topic, PARTITION:OFFSET, such as 2:17',
  ),
  v.transform(text => text.replace(':', '@')),
)
