/** Kinds of values of settings: a parser for the text and a description for users. */
import { type GenericSchema, picklist, pipe, rawTransform, regex, string, transform, union } from 'valibot'
import { isTimestamp, parseTime } from '../cloudevents/attributes.ts'

/** A parser for values, with a description of the allowed values. */
export interface Kind<Value> {
  /** Description that follows "must be" in messages and is shown in the documentation. */
  readonly allowed: string
  readonly schema: GenericSchema<string, Value>
}

/**
 * Accepts text that matches a pattern.
 *
 * @param allowed description of the pattern, to follow "must be"
 */
export function text(form: RegExp, allowed: string): Kind<string> {
  return { allowed, schema: pipe(string(), regex(form, `must be ${allowed}`)) }
}

/** Accepts one of these texts. */
export function oneOf<const Value extends string>(values: readonly Value[]): Kind<Value> {
  const allowed = values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`
  return { allowed, schema: picklist(values, `must be ${allowed}`) as GenericSchema<string, Value> }
}

/** Accepts `on` or `off`. */
export function onOff(): Kind<boolean> {
  return mapKind(oneOf(['on', 'off']), value => value === 'on')
}

export interface Bounds {
  readonly least: number
  /** Upper limit; unlimited if undefined. */
  readonly most?: number
  /** Name of the unit in the plural, such as "seconds". */
  readonly unit?: string
}

/** Accepts an integer within limits. */
export function wholeNumber({ least, most, unit }: Bounds): Kind<number> {
  const range = most === undefined ? ` from ${least} on` : ` from ${least} to ${most}`
  const allowed = `a whole number${unit ? ` of ${unit}` : ''}${range}`
  // A double represents every integer of up to 15 digits exactly.
  return createNumberKind(/^\d{1,15}$/, value => value >= least && value <= (most ?? value), allowed)
}

function createNumberKind(
  form: RegExp,
  isAllowed: (value: number) => boolean,
  allowed: string,
): Kind<number> {
  const parse = (text: string) => (form.test(text) && isAllowed(Number(text)) ? Number(text) : undefined)
  return createKind(parse, allowed)
}

/** Returns a kind whose values are multiplied by a factor, to convert their unit. */
export function times(kind: Kind<number>, factor: number): Kind<number> {
  return mapKind(kind, value => value * factor)
}

/** Returns a kind that accepts the same texts and converts their values. */
export function mapKind<From, To>({ allowed, schema }: Kind<From>, convert: (value: From) => To): Kind<To> {
  return { allowed, schema: pipe(schema, transform(convert)) }
}

/** Accepts a value of any of these kinds. The first matching kind is used. */
export function either<Value>(...kinds: readonly Kind<Value>[]): Kind<Value> {
  const allowed = kinds.map(kind => kind.allowed).join(', or ')
  const schemas = kinds.map(({ schema }) => schema)
  return { allowed, schema: union(schemas, `must be ${allowed}`) }
}

/** Returns a kind that uses a parser. @param parse parser, which returns undefined for an invalid text */
export function createKind<Value>(
  parse: (text: string) => Value | undefined,
  allowed: string,
): Kind<NonNullable<Value>> {
  const schema = pipe(
    string(),
    rawTransform<string, NonNullable<Value>>(({ dataset, addIssue, NEVER }) => {
      const value = parse(dataset.value)
      if (value !== undefined && value !== null) return value
      addIssue({ message: `must be ${allowed}` })
      return NEVER
    }),
  )
  return { allowed, schema }
}

/** Accepts a decimal number between two limits, without an exponent. */
export function decimal(least: number, most: number): Kind<number> {
  const isWithin = (value: number) => value >= least && value <= most
  return createNumberKind(/^[+-]?\d+(\.\d+)?$/, isWithin, `a number from ${least} to ${most}`)
}

/** Accepts a positive decimal number without an exponent. */
export function positiveDecimal(): Kind<number> {
  return createNumberKind(/^\d+(\.\d+)?$/, value => value > 0 && Number.isFinite(value), 'a number above 0')
}

/** Accepts a comma-separated list. Blanks around items and empty items are ignored. */
export function list(isAllowed: (part: string) => boolean, each: string): Kind<string[]> {
  return createKind(value => {
    const parts = splitList(value)
    return parts.length > 0 && parts.every(isAllowed) ? parts : undefined
  }, `${each}, separated by commas`)
}

export const LAST_PORT = 65_535

/** Accepts a port number that a server can listen on. */
export function port(): Kind<number> {
  return wholeNumber({ least: 1, most: LAST_PORT })
}

const HTTP_ADDRESS = /^https?:\/\/[^\s/@]+(\/[^\s@]*)?$/

/**
 * Accepts an HTTP address without credentials.
 *
 * @param allowed description of the address; set it if the default is not specific enough
 */
export function httpAddress(allowed = 'http://host:port, or https://'): Kind<string> {
  return createKind(
    address => (HTTP_ADDRESS.test(address) && URL.canParse(address) ? address : undefined),
    allowed,
  )
}

/** Accepts an RFC 3339 time with optional seconds, and returns milliseconds since the epoch. */
export function instant(): Kind<number> {
  return createKind(value => {
    const whole = value.replace(/(?<=T\d\d:\d\d)(?=[Z+-])/, ':00')
    return isTimestamp(whole) ? parseTime(whole) : undefined
  }, 'an instant that exists, with its offset from UTC, such as 2026-03-01T00:00:00Z')
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}
