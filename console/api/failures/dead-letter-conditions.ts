/** Dead letters in the body of requests. */
import * as v from 'valibot'

const name = v.pipe(v.string(), v.nonEmpty('must not be empty'), v.maxLength(1_000, 'is too long'))
const atMs = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Filter conditions of an operation, with absolute times. */
export const FILTER = v.strictObject({
  ...{ code: v.optional(name), consumer: v.optional(name), entity: v.optional(name), type: v.optional(name) },
  ...{ sinceMs: v.optional(atMs), untilMs: v.optional(atMs) },
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
