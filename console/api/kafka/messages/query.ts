/** Which messages of a topic are asked for. Pure. */
import {
  type InferOutput,
  literal,
  maxLength,
  maxValue,
  minLength,
  minValue,
  object,
  optional,
  picklist,
  pipe,
  regex,
  string,
  transform,
} from 'valibot'
import { type Filter, parseFilter } from '../../../../lib/queries/record-filter.ts'
import { ProblemError } from '../../problem.ts'

const COUNT = pipe(string(), regex(/^\d{1,15}$/, 'must be a non-negative integer'), transform(Number))
const TIME = pipe(
  string(),
  transform(text => Date.parse(text)),
  minValue(0, 'must be a time of RFC 3339, such as 2026-03-01T12:00:00Z'),
)
const SOME_TEXT = pipe(string(), maxLength(200, 'must have at most 200 characters'))

/** Where one message lies. */
export const PLACE_FIELDS = {
  topic: pipe(optional(string(), ''), minLength(1, 'must name a topic'), maxLength(249)),
  partition: COUNT,
  offset: COUNT,
}

export const MESSAGES_FIELDS = {
  ...PLACE_FIELDS,
  partition: optional(COUNT),
  /** Begins with this offset of the partition. */
  offset: optional(COUNT),
  /** Begins with what was written then or later. */
  time: optional(TIME),
  from: optional(picklist(['newest', 'oldest'], 'must be newest or oldest')),
  /** Goes on where an earlier answer ended. */
  cursor: optional(pipe(string(), maxLength(20_000))),
  /** What the record holds anywhere, what its key holds, and what the type of its event holds; case does not count. */
  text: optional(SOME_TEXT),
  key: optional(SOME_TEXT),
  type: optional(SOME_TEXT),
  /** Conditions on the event, as `data.temperature>30 and subject=roof-1`. */
  where: optional(SOME_TEXT),
  /** Ticks and rule sets, too. */
  ticks: optional(literal('1', 'must be 1')),
  limit: optional(pipe(COUNT, minValue(1, 'must be at least 1'), maxValue(200, 'must be at most 200')), '50'),
  /** The newest messages, again and again. */
  live: optional(literal('1', 'must be 1')),
}
export const MESSAGES_QUERY = object(MESSAGES_FIELDS)

export type MessagesQuery = InferOutput<typeof MESSAGES_QUERY>

/** @throws ProblemError naming the condition that cannot be used */
export function conditionsIn(where = ''): Filter[] {
  return where
    .split(/\s+and\s+/)
    .map(text => text.trim())
    .filter(text => text !== '')
    .map(text => {
      const filter = parseFilter(text)
      if (filter) return filter
      throw new ProblemError(
        'bad-request',
        'where: must be a name, an operator (= != > >= < <= ~ !~) and a value, as data.temperature>30; several are joined by "and".',
      )
    })
}
