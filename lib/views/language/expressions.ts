/** Compiles expressions: names become places, and types are checked. Pure. */
import { timestampIn } from '../expression.ts'
import type { ColumnType, Expression, FunctionName, Scalar } from '../plan.ts'
import { StatementError, unknownName } from './statement-error.ts'
import type { CallNode, Name, Node, Position } from './syntax.ts'

/** Compiled expression with its type, and the position for errors of what contains it. */
export interface Typed {
  readonly value: Expression
  readonly type: ColumnType | 'NULL'
  readonly at: Position
}

/** Returns the meaning of a node that has one of its own, such as a column; undefined for a literal or an operator. */
export type Resolve = (node: Node) => Typed | undefined

/** Type of an argument. All `same` arguments of a call have one type; `ordered` ones can also be compared by size. */
type Taken = 'number' | 'same' | 'ordered' | 'any' | 'VARCHAR' | 'BOOLEAN' | 'BIGINT'

interface Signature {
  /** Types of the arguments. If `max` is larger than their number, the last one is repeated. */
  readonly takes: readonly Taken[]
  readonly min?: number
  readonly max?: number
  /** Type of the result. `same` is the type of the `same` arguments, `numeric` BIGINT if all arguments are. */
  readonly gives: ColumnType | 'same' | 'numeric'
}

const of = (takes: readonly Taken[], gives: Signature['gives'], min?: number, max?: number): Signature => ({
  takes,
  gives,
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
})
const arithmetic = of(['number', 'number'], 'numeric')
const comparison = of(['ordered', 'ordered'], 'BOOLEAN')
const text = of(['VARCHAR'], 'VARCHAR')
const MANY = 100

const SIGNATURES: Partial<Record<FunctionName, Signature>> = {
  '+': arithmetic,
  '-': arithmetic,
  '*': arithmetic,
  '/': arithmetic,
  '%': arithmetic,
  NEGATE: of(['number'], 'numeric'),
  '=': of(['same', 'same'], 'BOOLEAN'),
  '<>': of(['same', 'same'], 'BOOLEAN'),
  '<': comparison,
  '<=': comparison,
  '>': comparison,
  '>=': comparison,
  AND: of(['BOOLEAN', 'BOOLEAN'], 'BOOLEAN'),
  OR: of(['BOOLEAN', 'BOOLEAN'], 'BOOLEAN'),
  NOT: of(['BOOLEAN'], 'BOOLEAN'),
  IS_NULL: of(['any'], 'BOOLEAN'),
  IN: of(['same'], 'BOOLEAN', 2, MANY),
  LIKE: of(['VARCHAR', 'VARCHAR'], 'BOOLEAN'),
  ABS: of(['number'], 'numeric'),
  CEIL: of(['number'], 'numeric'),
  FLOOR: of(['number'], 'numeric'),
  ROUND: of(['number', 'BIGINT'], 'DOUBLE', 1),
  SQRT: of(['number'], 'DOUBLE'),
  COALESCE: of(['same'], 'same', 1, MANY),
  NULLIF: of(['same', 'same'], 'same'),
  LCASE: text,
  UCASE: text,
  LEN: of(['VARCHAR'], 'BIGINT'),
  TRIM: text,
  SUBSTRING: of(['VARCHAR', 'BIGINT', 'BIGINT'], 'VARCHAR', 2),
  CONCAT: of(['VARCHAR'], 'VARCHAR', 1, MANY),
}
const JOINED_TEXT = of(['VARCHAR', 'VARCHAR'], 'VARCHAR')
const ALIASES: Readonly<Record<string, FunctionName>> = { IFNULL: 'COALESCE' }
/** Functions that are written as a word and arguments in parentheses, for suggestions. */
const NAMED = Object.keys(SIGNATURES).filter(
  name => /^[A-Z]{3,}$/.test(name) && !/^(AND|NOT|NEGATE)$/.test(name),
)

/** Compiles an expression. @throws StatementError for an unknown function, and for a value of a wrong type */
export function compileExpression(
  node: Node,
  resolve: Resolve,
  otherFunctions: readonly string[] = [],
): Typed {
  const resolved = resolve(node)
  if (resolved) return resolved
  const compile = (other: Node) => compileExpression(other, resolve, otherFunctions)
  switch (node.kind) {
    case 'literal':
      return { ...literal(node.value, node.isInteger === true), at: node.at }
    case 'cast':
      return cast(compile(node.of), node.type, node.at)
    case 'case': {
      const whens = node.branches.map(({ when }) => checked(compile(when), 'BOOLEAN', 'WHEN'))
      const results = unified([...node.branches.map(({ then }) => then), node.otherwise].map(compile), 'CASE')
      const value = {
        kind: 'case' as const,
        // biome-ignore lint/suspicious/noThenProperty: the plan is data, and is never awaited
        branches: whens.map((when, i) => ({ when: when.value, then: valueAt(results.values, i) })),
        otherwise: valueAt(results.values, whens.length),
      }
      return { value, type: results.type, at: node.at }
    }
    case 'call':
      return compileCall(node, node.arguments.map(compile), otherFunctions)
    case 'name':
      throw unknownName('column', node.name, [], node.at)
  }
}

function compileCall(node: CallNode, given: readonly Typed[], otherFunctions: readonly string[]): Typed {
  const written = node.name.toUpperCase()
  const name = ALIASES[written] ?? (written as FunctionName)
  const isJoin = name === '+' && given.some(({ type }) => type === 'VARCHAR')
  const signature = isJoin ? JOINED_TEXT : Object.hasOwn(SIGNATURES, name) ? SIGNATURES[name] : undefined
  if (!signature)
    throw unknownName('function', node.name, [...NAMED, ...Object.keys(ALIASES), ...otherFunctions], node.at)
  const { takes, min = takes.length, max = takes.length, gives } = signature
  if (given.length < min || given.length > max || node.isDistinct || node.isStar)
    throw new StatementError(
      `${written} has ${min === max ? min : `${min} to ${max}`} arguments`,
      node.at,
      `${written}(${takes.map(taken => NAMES[taken]).join(', ')})`,
    )
  const takenAt = (i: number): Taken => takes[Math.min(i, takes.length - 1)] ?? 'any'
  const isSame = takenAt(0) === 'same' || takenAt(0) === 'ordered'
  const same = isSame ? unified(given, written) : undefined
  if (takenAt(0) === 'ordered') for (const one of given) checked(one, 'ordered', written)
  if (!same) for (const [i, one] of given.entries()) checked(one, takenAt(i), written)
  const values = same?.values ?? given.map(({ value }) => value)
  const isWhole = given.every(({ type }) => type !== 'DOUBLE')
  const type =
    gives === 'same' ? (same?.type ?? 'NULL') : gives === 'numeric' ? (isWhole ? 'BIGINT' : 'DOUBLE') : gives
  const value: Expression = { kind: 'call', name, arguments: values }
  // The quotient of integers is an integer, as in ksqlDB.
  const isQuotient = name === '/' && isWhole
  const isRounded = name === 'ROUND' && given.length === 1
  return {
    value: isQuotient ? { kind: 'call', name: 'TO_BIGINT', arguments: [value] } : value,
    type: isRounded ? 'BIGINT' : type,
    at: node.at,
  }
}

const NAMES: Readonly<Record<string, string>> = {
  number: 'number',
  same: 'value',
  ordered: 'value',
  any: 'value',
  VARCHAR: 'text',
  BOOLEAN: 'condition',
  BIGINT: 'integer',
}

/** Returns whether a type is a number, or a timestamp, with which one can calculate. */
export function isNumber(type: Typed['type']): boolean {
  return type === 'BIGINT' || type === 'DOUBLE' || type === 'TIMESTAMP' || type === 'NULL'
}

/** Returns the expression if its type is the required one. @throws StatementError otherwise */
export function checked(typed: Typed, taken: Taken, user: string): Typed {
  const { type, at } = typed
  const isFit =
    taken === 'any' ||
    taken === type ||
    type === 'NULL' ||
    (taken === 'number' && isNumber(type)) ||
    (taken === 'ordered' && (isNumber(type) || type === 'VARCHAR')) ||
    (taken === 'same' && !type.startsWith('ARRAY'))
  if (isFit) return typed
  const nearest = taken === 'number' && type === 'VARCHAR' ? 'CAST(… AS DOUBLE)' : undefined
  throw new StatementError(`${user} takes a ${NAMES[taken]}, and this is ${type}`, at, nearest)
}

/** Returns values as one type: numbers as DOUBLE if one of them is, and texts beside timestamps as timestamps. */
function unified(
  all: readonly Typed[],
  user: string,
): { readonly type: Typed['type']; readonly values: readonly Expression[] } {
  const typed = all.filter(({ type }) => type !== 'NULL')
  const types = new Set(typed.map(one => checked(one, 'same', user).type))
  const [type = 'NULL'] = types
  if (types.size <= 1) return { type, values: all.map(({ value }) => value) }
  if (types.has('TIMESTAMP') && !types.has('BOOLEAN') && !types.has('DOUBLE'))
    return {
      type: 'TIMESTAMP',
      values: all.map(one => (one.type === 'VARCHAR' ? timestamp(one) : one.value)),
    }
  if (types.size === 2 && types.has('BIGINT') && types.has('DOUBLE'))
    return { type: 'DOUBLE', values: all.map(({ value }) => value) }
  const odd = typed.find(one => one.type !== type) ?? typed[0]
  throw new StatementError(
    `${user} takes values of one type, and this is ${odd?.type} beside ${type}`,
    odd?.at ?? { line: 1, column: 1 },
    `CAST(… AS ${type})`,
  )
}

function timestamp({ value, at }: Typed): Expression {
  const ms =
    value.kind === 'literal' && typeof value.value === 'string' ? timestampIn(value.value) : undefined
  if (ms === undefined)
    throw new StatementError('a timestamp is written as a text of RFC 3339', at, "'2026-01-31T08:00:00Z'")
  return { kind: 'literal', value: ms }
}

function literal(value: Scalar, isInteger: boolean): Omit<Typed, 'at'> {
  const type =
    value === null
      ? 'NULL'
      : typeof value === 'string'
        ? 'VARCHAR'
        : typeof value === 'boolean'
          ? 'BOOLEAN'
          : isInteger
            ? 'BIGINT'
            : 'DOUBLE'
  return { value: { kind: 'literal', value }, type }
}

const TYPES: Readonly<Record<string, ColumnType>> = {
  VARCHAR: 'VARCHAR',
  STRING: 'VARCHAR',
  BOOLEAN: 'BOOLEAN',
  BIGINT: 'BIGINT',
  INT: 'BIGINT',
  INTEGER: 'BIGINT',
  DOUBLE: 'DOUBLE',
  TIMESTAMP: 'TIMESTAMP',
}

/** Returns the type with a name. @throws StatementError if there is none */
export function typeNamed({ text: name, at }: Name): ColumnType {
  const type = TYPES[name.toUpperCase()]
  if (type) return type
  throw unknownName('type', name, [...Object.keys(TYPES), 'STRUCT<field type, …>'], at)
}

/** Conversions by both types. Undefined for those that keep the value. */
const CASTS: Readonly<Record<string, FunctionName | undefined>> = {
  'BIGINT DOUBLE': undefined,
  'BIGINT TIMESTAMP': undefined,
  'TIMESTAMP BIGINT': undefined,
  'DOUBLE BIGINT': 'TO_BIGINT',
  'VARCHAR BIGINT': 'TO_BIGINT',
  'VARCHAR DOUBLE': 'TO_DOUBLE',
  'VARCHAR BOOLEAN': 'TO_BOOLEAN',
  'BIGINT VARCHAR': 'TO_VARCHAR',
  'DOUBLE VARCHAR': 'TO_VARCHAR',
  'BOOLEAN VARCHAR': 'TO_VARCHAR',
}

function cast({ value, type }: Typed, name: Name, at: Position): Typed {
  const to = typeNamed(name)
  if (type === to || type === 'NULL') return { value, type: to, at }
  const key = `${type} ${to}`
  if (!Object.hasOwn(CASTS, key)) throw new StatementError(`a ${type} cannot be cast to ${to}`, at)
  const conversion = CASTS[key]
  return { value: conversion ? { kind: 'call', name: conversion, arguments: [value] } : value, type: to, at }
}

function valueAt(values: readonly Expression[], index: number): Expression {
  return values[index] ?? { kind: 'literal', value: null }
}

/** Returns whether an expression or a part of it meets a condition. */
export function includes(expression: Expression, is: (part: Expression) => boolean): boolean {
  if (is(expression)) return true
  if (expression.kind === 'call') return expression.arguments.some(one => includes(one, is))
  if (expression.kind !== 'case') return false
  const { branches, otherwise } = expression
  return (
    branches.some(({ when, then }) => includes(when, is) || includes(then, is)) || includes(otherwise, is)
  )
}
