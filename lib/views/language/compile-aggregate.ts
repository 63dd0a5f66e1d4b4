/** Compiles calls of aggregates. Those whose state grows with the rows are refused. Pure. */

import { AGGREGATES, type Aggregate, type AggregateName, type ColumnType, LISTS } from '../plan.ts'
import { MAX_TOP } from '../size-limits.ts'
import { requireType, type Typed } from './compile-expression.ts'
import { StatementError } from './statement-error.ts'
import type { CallNode, Node } from './syntax.ts'

/** Aggregates by the names of ksqlDB, beside their own. */
const ALIASES: Readonly<Record<string, AggregateName>> = {
  STDDEV_SAMP: 'STDDEV',
  STDDEV_SAMPLE: 'STDDEV',
  EARLIEST_BY_OFFSET: 'FIRST',
  LATEST_BY_OFFSET: 'LAST',
}

/** Aggregates of ksqlDB that keep every value, and the bounded ones to use instead. */
const UNBOUNDED: Readonly<Record<string, string>> = {
  COLLECT_LIST: 'TOPK(column, 10)',
  COLLECT_SET: 'TOPKDISTINCT(column, 10)',
  HISTOGRAM: 'COUNT(*) … GROUP BY column',
}

export const AGGREGATE_FUNCTIONS: readonly string[] = [...AGGREGATES, ...Object.keys(ALIASES)]

/** Returns whether a node is a call of an aggregate, or contains one. */
export function hasAggregate(node: Node): boolean {
  switch (node.kind) {
    case 'call':
      return isAggregate(node) || node.arguments.some(hasAggregate)
    case 'case':
      return (
        node.branches.some(({ when, then }) => hasAggregate(when) || hasAggregate(then)) ||
        hasAggregate(node.otherwise)
      )
    case 'cast':
      return hasAggregate(node.of)
    default:
      return false
  }
}

/** Returns whether a call is one of an aggregate, of this language or of ksqlDB alone. */
export function isAggregate(node: CallNode): boolean {
  const name = node.name.toUpperCase()
  return AGGREGATE_FUNCTIONS.includes(name) || Object.hasOwn(UNBOUNDED, name)
}

/** @throws StatementError for an aggregate whose state has no bound, and for arguments of a wrong type */
export function compileAggregate(
  node: CallNode,
  compileArgument: (node: Node) => Typed,
): { readonly aggregate: Aggregate; readonly type: ColumnType } {
  const written = node.name.toUpperCase()
  const bounded = UNBOUNDED[written]
  if (bounded)
    throw new StatementError(`${written} keeps every value, so its state has no bound`, node.at, bounded)
  const name = ALIASES[written] ?? (written as AggregateName)
  const isList = LISTS.includes(name)
  const isOfRows = node.isStar || (node.arguments.length === 0 && !node.isDistinct)
  if (isOfRows && written === 'COUNT') return { aggregate: { function: 'COUNT' }, type: 'BIGINT' }
  const [argument] = node.arguments
  if (!argument || node.isStar || node.arguments.length !== (isList ? 2 : 1))
    throw new StatementError(
      `${written} has ${isList ? 'two arguments' : 'one argument'}`,
      node.at,
      `${written}(column${isList ? ', 10' : ''})`,
    )
  if (node.isDistinct && written !== 'COUNT')
    throw new StatementError('DISTINCT is only supported in COUNT', node.at, 'COUNT(DISTINCT column)')
  const typed = requireType(compileArgument(argument), 'same', written)
  const used = node.isDistinct ? 'COUNT_DISTINCT' : name
  if (NUMERIC.includes(used)) requireType(typed, 'number', written)
  if (isList) requireType(typed, 'ordered', written)
  return {
    aggregate: {
      function: used,
      argument: typed.value,
      ...(isList ? { parameter: listLength(node) } : {}),
    },
    type: resultType(used, typed.type === 'NULL' ? 'BIGINT' : typed.type),
  }
}

const NUMERIC: readonly AggregateName[] = ['SUM', 'AVG', 'STDDEV', 'MIN', 'MAX']

/** Returns the number of values of `TOPK` and `TOPKDISTINCT`. */
function listLength(node: CallNode): number {
  const parameter = node.arguments[1]
  const value = parameter?.kind === 'literal' ? parameter.value : undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_TOP) return value
  const written = node.name.toUpperCase()
  const problem = `the second argument of ${written} is a whole number from 1 to ${MAX_TOP}`
  throw new StatementError(problem, parameter?.at ?? node.at, `${written}(column, 10)`)
}

function resultType(name: AggregateName, type: ColumnType): ColumnType {
  if (name === 'COUNT' || name === 'COUNT_DISTINCT') return 'BIGINT'
  if (name === 'AVG' || name === 'STDDEV') return 'DOUBLE'
  if (LISTS.includes(name)) return `ARRAY<${type === 'VARCHAR' || type === 'DOUBLE' ? type : 'BIGINT'}>`
  return name === 'SUM' && type === 'TIMESTAMP' ? 'BIGINT' : type
}
