/** Kinds of values that settings have: how a value is parsed from text, and how the kind is described to a person. */
import { type GenericSchema, picklist, pipe, rawTransform, regex, string, transform, union } from 'valibot'
import { isTimestamp, parseTime } from '../cloudevents/attributes.ts'

/** A form of values, and how messages describe it. */
export interface Kind<Value> {
  /** Follows "must be" in messages, and is shown in the documentation. */
  readonly allowed: string
  readonly schema: GenericSchema<string, Value>
}

/**
 * A text of a form.
 *
 * @param allowed describes the form, in words that follow "must be"
 */
export function text(form: RegExp, allowed: string): Kind<string> {
  return { allowed, schema: pipe(string(), regex(form, `must be ${allowed}`)) }
}

/** One of these texts. */
export function oneOf<const Value extends string>(values: readonly Value[]): Kind<Value> {
  const allowed = values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`
  return { allowed, schema: picklist(values, `must be ${allowed}`) as GenericSchema<string, Value> }
}

/** `on` or `off`. */
export function onOff(): Kind<boolean> {
  return mapped(oneOf(['on', 'off']), value => value === 'on')
}

export interface Bounds {
  readonly least: number
  /** Undefined if there is no upper bound. */
  readonly most?: number
  /** Unit in the plural, such as "seconds". */
  readonly unit?: string
}

/** A whole number within bounds. */
export function wholeNumber({ least, most, unit }: Bounds): Kind<number> {
  const range = most === undefined ? ` from ${least} on` : ` from ${least} to ${most}`
  const allowed = `a whole number${unit ? ` of ${unit}` : ''}${range}`
  // A double represents every number of up to fifteen digits exactly.
  return numberIn(/^\d{1,15}$/, value => value >= least && value <= (most ?? value), allowed)
}

function numberIn(form: RegExp, isAllowed: (value: number) => boolean, allowed: string): Kind<number> {
  const parse = (text: string) => (form.test(text) && isAllowed(Number(text)) ? Number(text) : undefined)
  return parsedBy(parse, allowed)
}

/** The same kind, but its values are multiplied by a factor to convert their unit. */
export function times(kind: Kind<number>, factor: number): Kind<number> {
  return mapped(kind, value => value * factor)
}

/** The same texts, read as something else. */
export function mapped<From, To>({ allowed, schema }: Kind<From>, convert: (value: From) => To): Kind<To> {
  return { allowed, schema: pipe(schema, transform(convert)) }
}

/** Accepts a value of any of these kinds; the first that matches decides. */
export function either<Value>(...kinds: readonly Kind<Value>[]): Kind<Value> {
  const allowed = kinds.map(kind => kind.allowed).join(', or ')
  const schemas = kinds.map(({ schema }) => schema)
  return { allowed, schema: union(schemas, `must be ${allowed}`) }
}

/** Returns a kind with the result of a parser. @param parse returns undefined for a text that is not of the kind */
export function parsedBy<Value>(
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

/** A decimal number between two bounds, without an exponent. */
export function decimal(least: number, most: number): Kind<number> {
  const isWithin = (value: number) => value >= least && value <= most
  return numberIn(/^[+-]?\d+(\.\d+)?$/, isWithin, `a number from ${least} to ${most}`)
}

/** A decimal number above zero, without an exponent. */
export function positiveDecimal(): Kind<number> {
  return numberIn(/^\d+(\.\d+)?$/, value => value > 0 && Number.isFinite(value), 'a number above 0')
}

/** Texts separated by commas. Blanks around them and empty ones are dropped. */
export function list(isAllowed: (part: string) => boolean, each: string): Kind<string[]> {
  return parsedBy(value => {
    const parts = partsOf(value)
    return parts.length > 0 && parts.every(isAllowed) ? parts : undefined
  }, `${each}, separated by commas`)
}

export const LAST_PORT = 65_535

/** A port that a server listens on. */
export function port(): Kind<number> {
  return wholeNumber({ least: 1, most: LAST_PORT })
}

const HTTP_ADDRESS = /^https?:\/\/[^\s/@]+(\/[^\s@]*)?$/

/** An HTTP address without credentials. @param allowed describes it, where there is more to say */
export function httpAddress(allowed = 'http://host:port, or https://'): Kind<string> {
  return parsedBy(
    address => (HTTP_ADDRESS.test(address) && URL.canParse(address) ? address : undefined),
    allowed,
  )
}

/** An RFC 3339 time, with optional seconds, as milliseconds since the epoch. */
export function instant(): Kind<number> {
  return parsedBy(value => {
    const whole = value.replace(/(?<=T\d\d:\d\d)(?=[Z+-])/, ':00')
    return isTimestamp(whole) ? parseTime(whole) : undefined
  }, 'an instant that exists, such as 2026-03-01T00:00:00Z')
}

/** Reads the form of the HTTP header `baggage`: `name=value`, separated by commas, with percent-encoded values. */
export function namedValues(): Kind<Readonly<Record<string, string>>> {
  return parsedBy(value => {
    const pairs = partsOf(value).map(part => /^([\w-]+)\s*=\s*(.*)$/.exec(part))
    try {
      return Object.fromEntries(pairs.map(pair => pairOf(pair)))
    } catch {
      return undefined
    }
  }, 'name=value, separated by commas, values percent-encoded')
}

function pairOf(pair: RegExpExecArray | null): [string, string] {
  if (!pair) throw new URIError('not a pair')
  return [pair[1] ?? '', decodeURIComponent(pair[2] ?? '')]
}

function partsOf(value: string): string[] {
  return value
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}
