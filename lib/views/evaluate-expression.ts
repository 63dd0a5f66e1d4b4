/** Evaluates the expressions of a plan as SQL does: a comparison with null is neither true nor false, but null. Pure. */

import { isTimestamp, parseTime } from '#runtime/cloudevents'
import { PermanentError } from '#runtime/consumer'
import { MAX_READ_CHARACTERS, readNumber } from '../support/number-text.ts'
import type { ColumnType, Expression, FunctionName, Scalar } from './plan.ts'

/** Value of an expression. Only `TOPK` and `TOPKDISTINCT` return lists. */
export type ExpressionValue = Scalar | readonly Scalar[]

/** Values from which an expression is evaluated. Expressions refer only to members that exist where they are used. */
interface EvaluationInput {
  /** Event, or any other object with the places of the `field` expressions. */
  readonly event?: unknown
  readonly group?: readonly Scalar[]
  readonly aggregates?: readonly ExpressionValue[]
  readonly window?: { readonly startMs: number; readonly endMs: number }
  /** Called for a number column that is null because its integer is a text, which a double cannot hold. */
  readonly onInexact?: () => void
}

export type Evaluator = (from: EvaluationInput) => ExpressionValue

/**
 * Places in which a number column may not be null because a double cannot hold its integer: everywhere, or where something is
 * computed or compared with it.
 */
type Refusing = 'everywhere' | 'computing'

/**
 * Compiles an expression.
 *
 * @param refusing places in which it throws `PermanentError` for such an integer; none if undefined
 */
export function evaluator(expression: Expression, refusing?: Refusing): Evaluator {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression
      return () => value
    }
    case 'field':
      return fieldReader(expression.path, expression.type, refusing === 'everywhere')
    case 'group': {
      const { index } = expression
      return ({ group }) => group?.[index] ?? null
    }
    case 'aggregate': {
      const { index } = expression
      return ({ aggregates }) => aggregates?.[index] ?? null
    }
    case 'window': {
      const bound = expression.bound === 'start' ? 'startMs' : 'endMs'
      return ({ window }) => window?.[bound] ?? null
    }
    case 'call':
      return caller(
        expression.name,
        expression.arguments.map(given =>
          evaluator(given, refusing && (expression.name === 'IS_NULL' ? 'computing' : 'everywhere')),
        ),
      )
    case 'case': {
      const otherwise = evaluator(expression.otherwise, refusing)
      return expression.branches.reduceRight<Evaluator>((rest, branch) => {
        const [when, then] = [evaluator(branch.when, refusing), evaluator(branch.then, refusing)]
        return from => (when(from) === true ? then(from) : rest(from))
      }, otherwise)
    }
  }
}

/** Returns a function that reads a place. A place that is missing, or whose value has another type, is null; a text takes any value. */
function fieldReader(path: readonly string[], type: ColumnType, isRefused: boolean): Evaluator {
  const convert = type.startsWith('ARRAY') ? toList : CONVERSIONS[type as keyof typeof CONVERSIONS]
  return ({ event, onInexact }) => {
    let value = event
    for (const key of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null
      value = (value as Readonly<Record<string, unknown>>)[key]
    }
    const converted = convert(value)
    if (converted === null && typeof value === 'string' && NUMBERS.includes(type) && isInexact(value)) {
      if (isRefused) throw refuseInexact(path)
      onInexact?.()
    }
    return converted
  }
}

const NUMBERS: readonly ColumnType[] = ['BIGINT', 'DOUBLE']

/** Returns true for a text with an integer of up to 64 bits that the data has instead of a number. */
function isInexact(text: string): boolean {
  return /^-?\d{16,20}$/.test(text) && !Number.isSafeInteger(Number(text))
}

function refuseInexact(path: readonly string[]): PermanentError {
  const message = `"${path.slice(1).join('.')}" is an integer that a double cannot represent exactly: declare the column as VARCHAR`
  return new PermanentError(message, message)
}

const CONVERSIONS = {
  VARCHAR: toText,
  BOOLEAN: (value: unknown) => (typeof value === 'boolean' ? value : null),
  BIGINT: (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : null),
  DOUBLE: (value: unknown) => (Number.isFinite(value) ? (value as number) : null),
  TIMESTAMP: (value: unknown) =>
    typeof value !== 'string'
      ? isTime(value)
        ? CONVERSIONS.BIGINT(value)
        : null
      : isTimestamp(value)
        ? parseTime(value)
        : null,
} as const

/** Returns the text of a value, in ksqlDB's form: `[a, 1]` for a list, JSON for an object. */
function toText(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return `[${value.map(item => toText(item) ?? 'null').join(', ')}]`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Returns whether a value is a time that a calendar can express, in milliseconds since the epoch. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= 8.64e15
}

function toList(value: unknown): ExpressionValue {
  return Array.isArray(value) ? value : null
}

/** Functions whose result depends on arguments that may be null. */
const WITH_NULLS: Partial<Record<FunctionName, (given: readonly Evaluator[]) => Evaluator>> = {
  AND: given => junction(given, false),
  OR: given => junction(given, true),
  IS_NULL:
    ([of = nothing]) =>
    from =>
      of(from) === null,
  IS_DISTINCT:
    ([of = nothing, other = nothing]) =>
    from =>
      of(from) !== other(from),
  IN: ([of = nothing, ...all]) =>
    junction(
      all.map(evaluator => from => compareValues(of(from), evaluator(from), (a, b) => a === b)),
      true,
    ),
  COALESCE: given => from => {
    for (const evaluator of given) {
      const value = evaluator(from)
      if (value !== null) return value
    }
    return null
  },
  NULLIF:
    ([of = nothing, other = nothing]) =>
    from => {
      const value = of(from)
      return value === other(from) ? null : value
    },
  CONCAT: given => from => given.map(evaluator => evaluator(from) ?? '').join(''),
}

const nothing: Evaluator = () => null

/** Maximum number of steps of LIKE. They take part of a second. */
const MAX_LIKE_STEPS = 10_000_000

/** Functions of which the result is null if an argument is null. */
const STRICT: Partial<Record<FunctionName, (a: never, b: never, c: never) => ExpressionValue>> = {
  '+': (a: number, b: number) => finite(a + b),
  '-': (a: number, b: number) => finite(a - b),
  '*': (a: number, b: number) => finite(a * b),
  '/': (a: number, b: number) => finite(a / b),
  '%': (a: number, b: number) => finite(a % b),
  NEGATE: (a: number) => 0 - a,
  '=': (a: Scalar, b: Scalar) => a === b,
  '<>': (a: Scalar, b: Scalar) => a !== b,
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  NOT: (a: boolean) => !a,
  LIKE: (text: string, pattern: string, escapedBy?: string) =>
    pattern.length > MAX_READ_CHARACTERS || pattern.length * text.length > MAX_LIKE_STEPS
      ? null
      : isLike(text, readPattern(pattern, escapedBy)),
  ABS: Math.abs as (a: never) => number,
  CEIL: Math.ceil as (a: never) => number,
  FLOOR: Math.floor as (a: never) => number,
  ROUND: (a: number, digits?: number) =>
    digits === undefined ? CONVERSIONS.BIGINT(Math.round(a) + 0) : finite(roundDecimal(a, digits)),
  SQRT: (a: number) => finite(Math.sqrt(a)),
  LCASE: (a: string) => a.toLowerCase(),
  UCASE: (a: string) => a.toUpperCase(),
  LEN: (a: string) => a.length,
  TRIM: (a: string) => a.trim(),
  SUBSTRING: substring,
  TO_VARCHAR: (a: Scalar) => String(a),
  TO_BIGINT: (a: Scalar) => CONVERSIONS.BIGINT(Math.trunc(toNumber(a)) + 0),
  TO_DOUBLE: (a: Scalar) => CONVERSIONS.DOUBLE(toNumber(a)),
  TO_BOOLEAN: (a: string) => (/^true$/i.test(a) ? true : /^false$/i.test(a) ? false : null),
}

function caller(name: FunctionName, given: readonly Evaluator[]): Evaluator {
  const special = WITH_NULLS[name]
  if (special) return special(given)
  const call = STRICT[name] as ((...values: readonly unknown[]) => ExpressionValue) | undefined
  if (!call) throw new Error(`the function ${name} of the plan is unknown to this version`)
  const [first = nothing, second, third] = given
  if (!second)
    return from => {
      const a = first(from)
      return a === null ? null : call(a)
    }
  if (!third) return from => compareValues(first(from), second(from), call)
  return from => {
    const [a, b, c] = [first(from), second(from), third(from)]
    return a === null || b === null || c === null ? null : call(a, b, c)
  }
}

function compareValues(
  a: ExpressionValue,
  b: ExpressionValue,
  compare: (a: ExpressionValue, b: ExpressionValue) => ExpressionValue,
): ExpressionValue {
  return a === null || b === null ? null : compare(a, b)
}

/** Returns AND, whose decisive value is false, or OR, whose decisive value is true. */
function junction(given: readonly Evaluator[], decisive: boolean): Evaluator {
  return from => {
    let result: ExpressionValue = !decisive
    for (const evaluator of given) {
      const value = evaluator(from)
      if (value === decisive) return decisive
      if (value === null) result = null
    }
    return result
  }
}

/** Returns null instead of infinity, such as the result of a division by zero. */
function finite(value: number | string): ExpressionValue {
  return typeof value === 'string' || Number.isFinite(value) ? value : null
}

function toNumber(value: Scalar): number {
  if (typeof value !== 'string') return Number(value)
  const read = readNumber(value)
  return 'value' in read ? read.value : Number.NaN
}

/**
 * Rounds a number to decimal digits; negative ones are to the left of the point. As in ksqlDB, the decimal form of the number is
 * rounded, and a half upwards, so -1.5 becomes -1.
 */
function roundDecimal(value: number, digits: number): number {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const dropped = fraction.length - Number(exponent) - digits
  if (dropped <= 0) return value + 0
  if (dropped > fraction.length + 1) return 0
  const [number, step] = [BigInt(whole + fraction), 10n ** BigInt(dropped)]
  const rest = ((number % step) + step) % step
  const result = number - rest + (2n * rest >= step ? step : 0n)
  return Number(`${result}e${Number(exponent) - fraction.length}`)
}

/** Returns a part of a text. The first character is 1; a negative start counts from the end. */
function substring(text: string, start: number, length = text.length): string {
  const from = start < 0 ? Math.max(text.length + start, 0) : Math.max(start - 1, 0)
  return text.slice(from, from + Math.max(length, 0))
}

const [ANY_TEXT, ANY_CHARACTER] = [Symbol('%'), Symbol('_')]
const WILDCARDS: Readonly<Record<string, symbol>> = { '%': ANY_TEXT, _: ANY_CHARACTER }

/** Returns the characters and wildcards of a pattern of LIKE. A character behind `escapedBy` is not a wildcard. */
function readPattern(pattern: string, escapedBy?: string): readonly (string | symbol)[] {
  const read: (string | symbol)[] = []
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] as string
    if (character === escapedBy && at + 1 < pattern.length) read.push(pattern[++at] as string)
    else read.push(WILDCARDS[character] ?? character)
  }
  return read
}

/**
 * Returns whether a text matches a pattern. Only the latest wildcard for any text is tried again, so the time is bounded by the
 * product of the lengths.
 */
function isLike(text: string, pattern: readonly (string | symbol)[]): boolean {
  let [at, of, retryAt, retryOf] = [0, 0, 0, -1]
  while (at < text.length) {
    if (pattern[of] === ANY_TEXT) {
      retryOf = of + 1
      retryAt = at
      of = retryOf
    } else if (pattern[of] === ANY_CHARACTER || pattern[of] === text[at]) {
      at += 1
      of += 1
    } else if (retryOf < 0) return false
    else {
      retryAt += 1
      at = retryAt
      of = retryOf
    }
  }
  return pattern.slice(of).every(part => part === ANY_TEXT)
}
