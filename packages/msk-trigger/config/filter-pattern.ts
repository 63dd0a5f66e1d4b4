import { isObject, show } from '../support/config-values.ts'

/**
 * Pattern language of Lambda's event filters, which has fewer operators than EventBridge's. The fields of a pattern
 * are combined with AND, and the alternatives of a field with OR. The groups of fields in `$or` are also combined with OR. An array
 * in the data, and an array within it, matches if one of its elements matches; all fields of a nested pattern must match within the
 * same element. Fields are tested in the order of their paths, because `exists: false` considers all elements until a value is found
 * in one of them, and only that one from there on.
 */
export type Matcher = (data: unknown) => boolean

/** Returns whether a part of the data matches; `absent` if it matches only because fields are absent. */
type PartMatcher = (data: unknown, scope: Scope) => boolean | 'absent'

/** Values at the same place in all elements that `exists: false` considers. They are read once for all of these elements. */
class Scope {
  readonly #read: () => readonly unknown[]
  readonly #members = new Map<string, Scope>()
  #values: readonly unknown[] | undefined
  #isEmpty: boolean | undefined

  constructor(read: () => readonly unknown[]) {
    this.#read = read
  }

  get values(): readonly unknown[] {
    this.#values ??= this.#read().flat(Number.POSITIVE_INFINITY)
    return this.#values
  }

  /** True if only objects are there. */
  get isEmpty(): boolean {
    this.#isEmpty ??= leaves(this.values).length === 0
    return this.#isEmpty
  }

  member(name: string): Scope {
    const member =
      this.#members.get(name) ?? new Scope(() => this.values.map(value => readMember(value, name)))
    this.#members.set(name, member)
    return member
  }
}

/** Error for a pattern that Lambda would reject. The message contains the position of the error in the pattern. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

/** Test of a value that exists: a string, a number, a boolean or null. */
type Test = (value: unknown) => boolean

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

/**
 * Largest number that `numeric` and `anything-but` compare, and its maximum number of decimals. See
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
 */
const LARGEST = 5e9
const DECIMALS = 6
const MAX_COMBINATIONS = 1_000

const OPERATORS: Readonly<Record<string, (operand: unknown, at: string) => Test>> = {
  prefix: (operand, at) => textTest(operand, at, (text, start) => text.startsWith(start)),
  suffix: (operand, at) => textTest(operand, at, (text, end) => text.endsWith(end)),
  'equals-ignore-case': (operand, at) => {
    const wanted = requireText(operand, at).toLowerCase()
    return value => typeof value === 'string' && value.toLowerCase() === wanted
  },
  'anything-but': anythingBut,
  numeric,
}

/** Words that EventBridge reserves: within `$or`, a field with such a name cannot be told from an operator. */
const RESERVED = new Set([
  ...['exists', ...Object.keys(OPERATORS)],
  ...['exactly', 'wildcard', 'cidr', 'regex'],
  ...Object.keys(COMPARE),
])

/**
 * Compiles a pattern for JSON data: a map of fields.
 *
 * @throws PatternError
 */
export function compileFields(pattern: unknown, at: string): Matcher {
  const either = listCombinations(pattern, at).map(fields =>
    compileTests(fields.toSorted((a, b) => (toName(a) < toName(b) ? -1 : 1))),
  )
  return data => either.some(matches => matches(data, new Scope(() => [data])) !== false)
}

/** Field of a pattern with its tests. */
interface FieldTests {
  readonly path: readonly string[]
  readonly matches: PartMatcher
}

/** Returns the fields of a pattern; several lists of fields, of which one must match, if the pattern has `$or`. */
function listCombinations(
  pattern: unknown,
  at: string,
  parent: readonly string[] = [],
  isInOr = false,
): readonly (readonly FieldTests[])[] {
  if (!isObject(pattern)) throw new PatternError(`${at} must be a map of fields, not ${show(pattern)}`)
  const { $or: either, ...own } = pattern
  const parts = Object.entries(own).map(([field, wanted]) => {
    const place = `${at}.${field}`
    if (isInOr && RESERVED.has(field))
      throw new PatternError(
        `${place} has the name of a test, which EventBridge does not accept for a field within $or`,
      )
    const path = [...parent, field]
    return Array.isArray(wanted)
      ? [[{ path, matches: compileField(wanted, place) }]]
      : listCombinations(wanted, place, path, isInOr)
  })
  if (either !== undefined) parts.push(listAlternatives(either, `${at}.$or`, parent, parts.flat(2)))
  if (parts.length === 0) throw new PatternError(`${at} must name a field`)
  return parts.reduce(
    (all, part) => {
      if (all.length * part.length > MAX_COMBINATIONS)
        throw new PatternError(`its $or have more than ${MAX_COMBINATIONS} combinations`)
      return all.flatMap(fields => part.map(more => [...fields, ...more]))
    },
    [[]],
  )
}

/** Compiles tests of fields, in the order of their paths. @param depth number of names that lead to the data */
function compileTests(fields: readonly FieldTests[], depth = 0): PartMatcher {
  const groups = Map.groupBy(fields, ({ path }) => `${path.length === depth + 1}.${path[depth]}`)
  const parts = [...groups.values()].map(group => {
    const [{ path, matches }] = group as [FieldTests]
    return {
      name: path[depth] as string,
      matches: path.length === depth + 1 ? matches : compileTests(group, depth + 1),
    }
  })
  return (data, scope) => {
    const elements = Array.isArray(data) ? data.flat(Number.POSITIVE_INFINITY) : []
    let outcome: ReturnType<PartMatcher> = false
    for (const element of elements.length > 0 ? elements : [data]) {
      outcome = 'absent'
      let considered = scope
      for (const { name, matches } of parts) {
        const isMet = matches(readMember(element, name), considered.member(name))
        if (isMet === true && outcome !== true) considered = new Scope(() => [element])
        if (isMet !== 'absent') outcome = isMet
        if (!isMet) break
      }
      if (outcome) break
    }
    return outcome
  }
}

/** Compiles the alternatives for a value: a list of allowed values and of tests such as `{ prefix: a }`. @throws PatternError */
export function compileAlternatives(alternatives: readonly unknown[], at: string): Matcher {
  const matches = compileField(alternatives, at)
  return data => matches(data, new Scope(() => [data])) !== false
}

function compileField(alternatives: readonly unknown[], at: string): PartMatcher {
  if (alternatives.length === 0) throw new PatternError(`${at} must not be an empty list`)
  let admitsAbsence = false
  const tests = alternatives.map((wanted): Test => {
    if (typeof wanted === 'number' && !Number.isFinite(wanted))
      throw new PatternError(`${at} must contain numbers that JSON can represent, not ${wanted}`)
    if (wanted === null || ['string', 'number', 'boolean'].includes(typeof wanted))
      return value => value === wanted
    const [operator, operand] = onlyEntry(wanted, at)
    if (operator !== 'exists') return requireOperator(operator, at)(operand, `${at}.${operator}`)
    if (typeof operand !== 'boolean') throw new PatternError(`${at}.exists must be true or false`)
    admitsAbsence ||= !operand
    return () => operand
  })
  return (data, scope) =>
    leaves(data).some(value => tests.some(holds => holds(value))) ||
    (admitsAbsence && scope.isEmpty && 'absent')
}

/** @param siblings fields beside `$or`, which its alternatives cannot test again */
function listAlternatives(
  wanted: unknown,
  at: string,
  parent: readonly string[],
  siblings: readonly FieldTests[],
): readonly (readonly FieldTests[])[] {
  if (!Array.isArray(wanted) || wanted.length < 2)
    throw new PatternError(`${at} must be a list of at least two filters`)
  const paths = siblings.map(toName)
  return wanted.flatMap((pattern, index) => {
    const alternatives = listCombinations(pattern, `${at}[${index}]`, parent, true)
    const repeated = alternatives
      .flat()
      .map(toName)
      .find(path => paths.includes(path))
    if (repeated === undefined) return alternatives
    throw new PatternError(
      `${at}[${index}] tests ${repeated}, which is also tested beside $or. EventBridge accepts a field only once: move it into each alternative`,
    )
  })
}

function toName({ path }: FieldTests): string {
  return path.join('.')
}

function readMember(data: unknown, name: string): unknown {
  return isObject(data) && Object.hasOwn(data, name) ? data[name] : undefined
}

/** Returns the values at the end of a path. Objects are omitted, because `exists` considers only leaves. */
function leaves(data: unknown): readonly unknown[] {
  if (Array.isArray(data)) return data.flatMap(leaves)
  return data === undefined || isObject(data) ? [] : [data]
}

function onlyEntry(wanted: unknown, at: string): [string, unknown] {
  const entries = isObject(wanted) ? Object.entries(wanted) : []
  const [entry] = entries
  if (!entry || entries.length > 1)
    throw new PatternError(`${at} must contain values or tests, not ${show(wanted)}`)
  return entry
}

function requireOperator(name: string, at: string): (operand: unknown, at: string) => Test {
  const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined
  if (operator) return operator
  const operatorNames = ['exists', ...Object.keys(OPERATORS)].join(', ')
  throw new PatternError(
    `${at} has the unknown test ${show(name)}. Lambda's filters support: ${operatorNames}`,
  )
}

function textTest(operand: unknown, at: string, holds: (text: string, operand: string) => boolean): Test {
  const wanted = requireText(operand, at)
  return value => typeof value === 'string' && holds(value, wanted)
}

/** Compiles `anything-but`, which excludes a value or a list of values. The field itself must exist. */
function anythingBut(operand: unknown, at: string): Test {
  const excluded: readonly unknown[] = [operand].flat()
  const types = [...new Set(excluded.map(value => typeof value))]
  if (types.length !== 1 || !/^(string|number)$/.test(String(types[0])))
    throw new PatternError(`${at} must be a string, a number or a list of only strings or only numbers`)
  if (types[0] === 'number') requireComparable(excluded, at)
  return value => !excluded.includes(value)
}

/** Compiles `numeric`: `['=', 1]`, `['>', 1]`, or a range such as `['>', 0, '<=', 5]` with the lower bound first. */
function numeric(operand: unknown, at: string): Test {
  const parts: readonly unknown[] = Array.isArray(operand) ? operand : []
  const bounds = [parts.slice(0, 2), parts.slice(2)].filter(bound => bound.length > 0)
  const isSound = bounds.every(([sign, n]) => Object.hasOwn(COMPARE, String(sign)) && typeof n === 'number')
  const isRange = /^>=?$/.test(String(parts[0])) && /^<=?$/.test(String(parts[2]))
  if (!isSound || !(parts.length === 2 || (parts.length === 4 && isRange))) {
    throw new PatternError(`${at} must be like [">", 0, "<=", 5], not ${show(operand)}`)
  }
  const numbers = bounds.map(([, n]) => n as number)
  requireComparable(numbers, at)
  const [bottom = 0, top] = numbers
  if (top !== undefined && bottom >= top)
    throw new PatternError(`${at} must have a lower bound below its upper bound, not ${show(operand)}`)
  return value =>
    typeof value === 'number' &&
    bounds.every(([sign, n]) => COMPARE[sign as string]?.(value, n as number) === true)
}

function requireComparable(numbers: readonly unknown[], at: string): void {
  const wrong = numbers.find(
    n => !(Math.abs(Number(n)) <= LARGEST && Number(Number(n).toFixed(DECIMALS)) === n),
  )
  if (wrong !== undefined)
    throw new PatternError(
      `${at} must compare numbers from -5e9 to 5e9 with up to ${DECIMALS} decimals, not ${wrong}`,
    )
}

function requireText(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new PatternError(`${at} must be a string, not ${show(value)}`)
  return value
}
