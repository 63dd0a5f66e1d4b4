/** Types of `google/protobuf/*.proto` whose JSON form is not derived from their fields. */
import type { Type } from 'protobufjs'
import { UndecodableError } from './errors.ts'

const PACKAGE = '.google.protobuf.'
const WRAPPERS = ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes']
const WRAPPER_NAMES: readonly string[] = WRAPPERS.map(name => `${PACKAGE}${name}Value`)
const UNSUPPORTED = ['Struct', 'Value', 'ListValue', 'FieldMask', 'Any'].map(name => `${PACKAGE}${name}`)

/** Returns true for a wrapper message: its JSON form is the JSON form of its only field, `value`. */
export function isWrapper({ fullName }: Type): boolean {
  return WRAPPER_NAMES.includes(fullName)
}

/** Returns true if the message has a special JSON form that is not implemented here. */
export function isUnsupported({ fullName }: Type): boolean {
  return UNSUPPORTED.includes(fullName)
}

interface Moment {
  readonly seconds?: number | { toString(): string }
  readonly nanos?: number
}

interface TextForm {
  /** Returns the text of a message. @throws UndecodableError for a message out of range */
  format(message: Moment): string
  /** Returns the message in a text; undefined for any other text. */
  parse(text: string): Moment | undefined
  /** Describes the texts in an error message. */
  readonly wanted: string
}

/** Bounds in seconds: the years 1 to 9999, and 10,000 years. */
const [FIRST, LAST, LONGEST] = [-62_135_596_800, 253_402_300_799, 315_576_000_000]
const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/
const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

/** Messages whose JSON form is a text, by name. */
export const TEXT_FORMS: ReadonlyMap<string, TextForm> = new Map([
  [
    `${PACKAGE}Timestamp`,
    {
      format({ seconds = 0, nanos = 0 }) {
        const at = Number(seconds)
        requireRange('Timestamp', at >= FIRST && at <= LAST && nanos >= 0 && nanos < 1e9)
        return new Date(at * 1000).toISOString().replace('.000Z', `${formatFraction(nanos)}Z`)
      },
      parse(text) {
        const [, local = '', decimals = '', sign, hours = 0, minutes = 0] = TIMESTAMP.exec(text) ?? []
        const ms = Date.parse(`${local}Z`)
        // Date.parse takes February 30 for March 1 or 2.
        if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(local)) return undefined
        const offset = Number(hours) * 3600 + Number(minutes) * 60
        const seconds = ms / 1000 + (sign === '-' ? offset : -offset)
        return seconds < FIRST || seconds > LAST ? undefined : { seconds, nanos: readFraction(decimals) }
      },
      wanted: 'an RFC 3339 time of the years 1 to 9999 with at most nine decimals',
    },
  ],
  [
    `${PACKAGE}Duration`,
    {
      format({ seconds = 0, nanos = 0 }) {
        const whole = Number(seconds)
        requireRange('Duration', Math.abs(whole) <= LONGEST && Math.abs(nanos) < 1e9 && whole * nanos >= 0)
        return `${whole < 0 || nanos < 0 ? '-' : ''}${Math.abs(whole)}${formatFraction(Math.abs(nanos))}s`
      },
      parse(text) {
        const [, sign, whole, decimals = ''] = DURATION.exec(text) ?? []
        if (whole === undefined || Number(whole) > LONGEST) return undefined
        const factor = sign === '-' ? -1 : 1
        return { seconds: factor * Number(whole), nanos: factor * readFraction(decimals) }
      },
      wanted: 'a duration such as 1.5s of at most 315576000000 seconds',
    },
  ],
])

function requireRange(name: string, isInRange: boolean): void {
  if (!isInRange) throw new UndecodableError(`a ${name} is out of range`)
}

/** Formats nanoseconds as a decimal fraction with three, six or nine digits, such as `.500`. The result is empty for zero. */
function formatFraction(nanos: number): string {
  if (nanos === 0) return ''
  return `.${String(nanos)
    .padStart(9, '0')
    .replace(/(000){1,2}$/, '')}`
}

function readFraction(decimals: string): number {
  return Number(decimals.padEnd(9, '0'))
}
