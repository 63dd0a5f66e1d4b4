/** Compiles expressions: names become places, and types are checked. Pure. */
import { isTimestamp, parseTime } from '#runtime/cloudevents'
import type { ColumnType, Expression, FunctionName, Scalar } from '../plan.ts'
import { StatementError, unknownName } from './statement-error.ts'
import type { CallNode, ColumnClause, Node, Position, Query } from './syntax.ts'

/** Compiled expression with its type, and the position for errors of what contains it. */
export interface Typed {
  readonly value: Expression
  readonly type: ColumnType | 'NULL'
  readonly at: Position
}

/** Returns the meaning of a node that has one of its own, such as a column; undefined for a literal or an operator. */
export type Resolve = (node: Node) => Typed | undefined

/** Type of an argument. All `same` arguments of a call have one type; `ordered` ones can also be compared by size. */
type ArgumentType = 'number' | 'same' | 'ordered' | 'any' | 'VARCHAR' | 'BOOLEAN' | 'BIGINT'

interface Signature {
  /** Types of the arguments. If `max` is larger than their number, the last one is repeated. */
  readonly takes: readonly ArgumentType[]
  /** Type of the result. `same` is the type of the `same` arguments, `numeric` BIGINT if all arguments are. */
  readonly gives: ColumnType | 'same' | 'numeric'
  readonly min: number
  readonly max: number
}

function createSignature(takes: string, gives: Signature['gives'], min?: number, max?: number): Signature {
  const argumentTypes = takes.split(' ') as readonly ArgumentType[]
  return { takes: argumentTypes, gives, min: min ?? argumentTypes.length, max: max ?? argumentTypes.length }
}

function each(
  names: readonly FunctionName[],
  signature: Signature,
): Partial<Record<FunctionName, Signature>> {
  return Object.fromEntries(names.map(name => [name, signature]))
}

const MANY = 100
const JOINED_TEXT = createSignature('VARCHAR VARCHAR', 'VARCHAR')
const SIGNATURES: Partial<Record<FunctionName, Signature>> = {
  ...each(['+', '-', '*', '/', '%'], createSignature('number number', 'numeric')),
  ...each(['NEGATE', 'ABS', 'CEIL', 'FLOOR'], createSignature('number', 'numeric')),
  ...each(['=', '<>', 'IS_DISTINCT'], createSignature('same same', 'BOOLEAN')),
  ...each(['<', '<=', '>', '>='], createSignature('ordered ordered', 'BOOLEAN')),
  ...each(['AND', 'OR'], createSignature('BOOLEAN BOOLEAN', 'BOOLEAN')),
  ...each(['LCASE', 'UCASE', 'TRIM'], createSignature('VARCHAR', 'VARCHAR')),
  NOT: createSignature('BOOLEAN', 'BOOLEAN'),
  IS_NULL: createSignature('any', 'BOOLEAN'),
  IN: createSignature('same', 'BOOLEAN', 2, MANY),
  LIKE: createSignature('VARCHAR VARCHAR VARCHAR', 'BOOLEAN', 2),
  ROUND: createSignature('number BIGINT', 'DOUBLE', 1),
  SQRT: createSignature('number', 'DOUBLE'),
  COALESCE: createSignature('same', 'same', 1, MANY),
  NULLIF: createSignature('same same', 'same'),
  LEN: createSignature('VARCHAR', 'BIGINT'),
  SUBSTRING: createSignature('VARCHAR BIGINT BIGINT', 'VARCHAR', 2),
  CONCAT: createSignature('VARCHAR', 'VARCHAR', 1, MANY),
}
const ALIASES: Readonly<Record<string, FunctionName>> = { IFNULL: 'COALESCE' }
/** Functions that are written as a word and arguments in parentheses, for suggestions. */
const NAMED = [...Object.keys(SIGNATURES), 'IFNULL'].filter(name =>
  /^(?!AND$|NOT$|NEGATE$)[A-Z]{3,}$/.test(name),
)

/** Returns a resolver that only takes names of the source of a query, which may stand before them: `stream.column`. */
export function resolveWithin({ from, alias }: Pick<Query, 'from' | 'alias'>, resolve: Resolve): Resolve {
  const { text } = alias ?? from
  return node => {
    const source = node.kind === 'name' ? node.source : undefined
    if (source && source.text.toLowerCase() !== text.toLowerCase())
      throw unknownName('stream or table', source.text, [text], source.at)
    return resolve(node)
  }
}

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
      return { ...literal(node.value, node.isInteger), at: node.at }
    case 'cast':
      return cast(compile(node.of), node.type, node.at)
    case 'case': {
      const whens = node.branches.map(({ when }) => requireType(compile(when), 'BOOLEAN', 'WHEN'))
      const results = unifyTypes(
        [...node.branches.map(({ then }) => then), node.otherwise].map(compile),
        'CASE',
      )
      const value = {
        kind: 'case' as const,
        // biome-ignore lint/suspicious/noThenProperty: the plan is data, and is never awaited
        branches: whens.map((when, i) => ({ when: when.value, then: valueAt(results.values, i) })),
        otherwise: valueAt(results.values, whens.length),
      }
      return { value, type: results.type, at: node.at }
    }
    case 'call':
      return compileCall(node, compile, otherFunctions)
    case 'name':
      throw unknownName('column', node.name, [], node.at)
  }
}

function compileCall(
  node: CallNode,
  compile: (node: Node) => Typed,
  otherFunctions: readonly string[],
): Typed {
  const written = node.name.toUpperCase()
  const name = ALIASES[written] ?? (written as FunctionName)
  const own = Object.hasOwn(SIGNATURES, name) ? SIGNATURES[name] : undefined
  if (!own) throw unknownName('function', node.name, [...NAMED, ...otherFunctions], node.at)
  const compiledArguments = node.arguments.map(compile)
  const isText = name === '+' && compiledArguments.some(({ type }) => type === 'VARCHAR')
  const { takes, min, max, gives } = isText ? JOINED_TEXT : own
  if (compiledArguments.length < min || compiledArguments.length > max || node.isDistinct || node.isStar)
    throw new StatementError(
      `${written} has ${min === max ? min : `${min} to ${max}`} arguments`,
      node.at,
      `${written}(${takes.map(argumentType => NAMES[argumentType]).join(', ')})`,
    )
  for (const [i, one] of compiledArguments.entries())
    requireType(one, takes[Math.min(i, takes.length - 1)] ?? 'any', written)
  const same =
    takes[0] === 'same' || takes[0] === 'ordered' ? unifyTypes(compiledArguments, written) : undefined
  const isWhole = compiledArguments.every(({ type }) => type !== 'DOUBLE')
  const numeric = isWhole ? 'BIGINT' : 'DOUBLE'
  const type = gives === 'same' ? (same?.type ?? 'NULL') : gives === 'numeric' ? numeric : gives
  const value: Expression = {
    kind: 'call',
    name,
    arguments: same?.values ?? compiledArguments.map(argument => argument.value),
  }
  // The quotient of integers is an integer, as in ksqlDB.
  if (name === '/' && isWhole)
    return { value: { kind: 'call', name: 'TO_BIGINT', arguments: [value] }, type, at: node.at }
  return { value, type: name === 'ROUND' && compiledArguments.length === 1 ? 'BIGINT' : type, at: node.at }
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
function isNumber(type: Typed['type']): boolean {
  return type === 'BIGINT' || type === 'DOUBLE' || type === 'TIMESTAMP' || type === 'NULL'
}

/** Returns the expression if its type is the required one. @throws StatementError otherwise */
export function requireType(typed: Typed, required: ArgumentType, user: string): Typed {
  const { type, at } = typed
  const isFit =
    required === 'any' ||
    required === type ||
    type === 'NULL' ||
    (required === 'number' && isNumber(type)) ||
    (required === 'ordered' && (isNumber(type) || type === 'VARCHAR')) ||
    (required === 'same' && !type.startsWith('ARRAY'))
  if (isFit) return typed
  const nearest = required === 'number' && type === 'VARCHAR' ? 'CAST(… AS DOUBLE)' : undefined
  throw new StatementError(`${user} takes a ${NAMES[required]}, and this is ${type}`, at, nearest)
}

/** Returns values as one type: numbers as DOUBLE if one of them is, and texts beside timestamps as timestamps. */
function unifyTypes(
  all: readonly Typed[],
  user: string,
): { readonly type: Typed['type']; readonly values: readonly Expression[] } {
  const typed = all.filter(({ type }) => type !== 'NULL')
  const types = new Set(typed.map(typedExpression => requireType(typedExpression, 'same', user).type))
  const [type = 'NULL'] = types
  if (types.size <= 1) return { type, values: all.map(({ value }) => value) }
  if (types.has('TIMESTAMP') && !types.has('BOOLEAN') && !types.has('DOUBLE'))
    return {
      type: 'TIMESTAMP',
      values: all.map(typedExpression =>
        typedExpression.type === 'VARCHAR' ? timestamp(typedExpression) : typedExpression.value,
      ),
    }
  if (types.size === 2 && types.has('BIGINT') && types.has('DOUBLE'))
    return { type: 'DOUBLE', values: all.map(({ value }) => value) }
  const odd = typed.find(typedExpression => typedExpression.type !== type) ?? typed[0]
  throw new StatementError(
    `${user} takes values of one type, and this is ${odd?.type} beside ${type}`,
    odd?.at ?? { line: 1, column: 1 },
    `CAST(… AS ${type})`,
  )
}

function timestamp({ value, at }: Typed): Expression {
  const text = value.kind === 'literal' ? value.value : null
  if (typeof text !== 'string' || !isTimestamp(text))
    throw new StatementError('a timestamp is written as a text of RFC 3339', at, "'2026-01-31T08:00:00Z'")
  return { kind: 'literal', value: parseTime(text) }
}

function literal(value: Scalar, isInteger = false): Omit<Typed, 'at'> {
  const type = typeof value === 'string' ? 'VARCHAR' : typeof value === 'boolean' ? 'BOOLEAN' : 'NULL'
  const numeric = isInteger ? 'BIGINT' : 'DOUBLE'
  return { value: { kind: 'literal', value }, type: typeof value === 'number' ? numeric : type }
}

const TYPES = ['VARCHAR', 'BOOLEAN', 'BIGINT', 'DOUBLE', 'TIMESTAMP'] as const
const TYPE_ALIASES: Readonly<Record<string, ColumnType>> = {
  STRING: 'VARCHAR',
  INT: 'BIGINT',
  INTEGER: 'BIGINT',
}

/** Returns the type of a value. @param at position of a `STRUCT` @throws StatementError for an unknown name, and for `STRUCT` */
export function typeNamed(written: ColumnClause['type'], at: Position): ColumnType {
  const structProblem = 'STRUCT is only supported for a column of a stream, whose fields are values'
  if ('fields' in written) throw new StatementError(structProblem, at, 'place->room')
  const name = written.text
  const type = TYPE_ALIASES[name.toUpperCase()] ?? TYPES.find(keyword => keyword === name.toUpperCase())
  if (type) return type
  const known = [...TYPES, ...Object.keys(TYPE_ALIASES), 'STRUCT<field type, …>']
  throw unknownName('type', name, known, written.at)
}

/** Conversions that keep the value, and those that have a function. */
const KEPT = ['BIGINT DOUBLE', 'BIGINT TIMESTAMP', 'TIMESTAMP BIGINT']
const CONVERTED = /^(?:DOUBLE BIGINT|VARCHAR (?:BIGINT|DOUBLE|BOOLEAN)|(?:BIGINT|DOUBLE|BOOLEAN) VARCHAR)$/

function cast({ value, type }: Typed, name: ColumnClause['type'], at: Position): Typed {
  const to = typeNamed(name, at)
  if (type === to || type === 'NULL' || KEPT.includes(`${type} ${to}`)) return { value, type: to, at }
  if (!CONVERTED.test(`${type} ${to}`)) throw new StatementError(`a ${type} cannot be cast to ${to}`, at)
  return { value: { kind: 'call', name: `TO_${to}` as FunctionName, arguments: [value] }, type: to, at }
}

function valueAt(values: readonly Expression[], index: number): Expression {
  return values[index] ?? { kind: 'literal', value: null }
}

/** Returns whether an expression or a part of it meets a condition. */
export function includes(expression: Expression, is: (part: Expression) => boolean): boolean {
  if (is(expression)) return true
  if (expression.kind === 'call') return expression.arguments.some(argument => includes(argument, is))
  if (expression.kind !== 'case') return false
  const { branches, otherwise } = expression
  return (
    branches.some(({ when, then }) => includes(when, is) || includes(then, is)) || includes(otherwise, is)
  )
}
