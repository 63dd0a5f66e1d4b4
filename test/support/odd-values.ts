/** The values that formats and stores treat differently, and what each border does with them. The manual has the same table. */

export const ODD_VALUES = {
  null: null,
  absent: undefined,
  'empty text': '',
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
  '2^53+1': 2n ** 53n + 1n,
  'lone surrogate': '\ud83d',
} as const

export type OddValue = keyof typeof ODD_VALUES

export const ODD_NAMES = Object.keys(ODD_VALUES) as OddValue[]

/** `kept` is the same value, `refused` an error with the path of the member, `U+FFFD` a text with this character instead. */
export type Outcome = 'kept' | 'absent' | 'refused' | '0' | 'NULL' | 'U+FFFD'

/** What comes of each value, in the order of `ODD_NAMES`. */
const ROWS = {
  // Data of an event, a state, the context of a partition.
  'event, state': ['kept', 'absent', 'kept', 'refused', 'refused', 'refused', '0', 'refused', 'kept'],
  attribute: ['absent', 'absent', 'kept', 'refused', 'refused', 'refused', '0', 'refused', 'refused'],
  'Avro, Protobuf': ['absent', 'absent', 'kept', 'refused', 'refused', 'refused', '0', 'refused', 'refused'],
  CSV: ['refused', 'absent', 'absent', 'refused', 'refused', 'refused', '0', 'refused', 'refused'],
  SQL: ['NULL', 'NULL', 'kept', 'NULL', 'NULL', 'NULL', '0', 'NULL', 'kept'],
  database: ['NULL', 'NULL', 'kept', 'NULL', 'NULL', 'NULL', '0', 'NULL', 'U+FFFD'],
  history: ['kept', 'absent', 'kept', 'refused', 'refused', 'refused', '0', 'refused', 'kept'],
} as const satisfies Record<string, readonly Outcome[]>

export type Border = keyof typeof ROWS

export const BORDERS = Object.keys(ROWS) as Border[]

export function outcomeAt(border: Border, value: OddValue): Outcome {
  return ROWS[border][ODD_NAMES.indexOf(value)] as Outcome
}

/** Classifies what has come of a value. */
export function classify(value: OddValue, read: unknown): Outcome {
  if (read === undefined) return 'absent'
  if (typeof read === 'string' && read.includes('\ufffd')) return 'U+FFFD'
  if (value === '-0' && (read === 0 || read === '0')) return '0'
  if (Object.is(read, ODD_VALUES[value])) return 'kept'
  throw new Error(`${value} has become another value: ${String(read)}`)
}
