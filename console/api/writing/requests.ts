/** What requests to write must look like. */
import {
  boolean,
  check,
  literal,
  maxLength,
  minLength,
  minValue,
  number,
  object,
  optional,
  picklist,
  pipe,
  record,
  string,
  union,
  unknown,
} from 'valibot'
import { FAMILY_NAMES, KEY_STRATEGIES } from './forms.ts'

const SHORT = pipe(
  string('must be a text'),
  minLength(1, 'must not be empty'),
  maxLength(200, 'must have at most 200 characters'),
)
const TIME = pipe(
  SHORT,
  check(text => !Number.isNaN(Date.parse(text)), 'must be a time of RFC 3339'),
)

export const READING = object({
  family: picklist(FAMILY_NAMES, `must be one of ${FAMILY_NAMES.join(', ')}`),
  data: record(string(), unknown(), 'must be the data of the reading'),
  /** A new one if it is left out. */
  id: optional(SHORT),
  /** Now if it is left out. */
  time: optional(TIME),
  traceparent: optional(SHORT),
  keyBy: optional(picklist(KEY_STRATEGIES, `must be one of ${KEY_STRATEGIES.join(', ')}`)),
})

export const REPLAY = object({
  recording: SHORT,
  /** How many times faster than recorded. */
  speed: union([literal('max'), pipe(number(), minValue(0.001))], 'must be a number above 0, or "max"'),
  /** Whether new events are made of the recorded ones, as near to the present as consumers accept. */
  shift: boolean('must be true or false'),
})
