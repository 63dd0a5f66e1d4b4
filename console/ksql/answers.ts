/** Answers of ksqlDB's REST interface to statements other than queries, and its errors. Pure. */
import { readableTables } from '../../lib/queries/view-rows.ts'
import type { Statement } from '../../lib/views/language/syntax.ts'
import type { ActivatedPlan, ColumnType, StreamPlan, TablePlan } from '../../lib/views/plan.ts'
import type { Problem } from '../api/problem.ts'
import { type ErrorAnswer, shownName, typeName } from './formats.ts'

/** Version of ksqlDB whose interface this is. */
const VERSION = '0.29.0'

/** Returns ksqlDB's form of a problem, whose code begins with the status of the response. */
export function errorAnswer({ message }: Problem, status: number): ErrorAnswer {
  return { '@type': 'generic_error', error_code: status * 100, message }
}

/** Returns ksqlDB's form of an invalid statement. */
export function statementErrorAnswer(
  message: string,
  statementText: string,
  entities: readonly unknown[] = [],
): ErrorAnswer {
  return { '@type': 'statement_error', error_code: 40_001, message, statementText, entities }
}

export function infoAnswer(env: string) {
  const identity = { kafkaClusterId: `sluice-${env}`, ksqlServiceId: env }
  return { KsqlServerInfo: { version: VERSION, ...identity, serverStatus: 'RUNNING' } }
}

/** Returns the answer to the health check. @param isHealthy whether the plan in force can be read */
export function healthAnswer(isHealthy: boolean) {
  const details = { metastore: { isHealthy }, kafka: { isHealthy } }
  return { isHealthy, details, serverState: isHealthy ? 'READY' : 'ERROR' }
}

/** Returns the topic of a signal. */
type TopicOf = (signal: string) => string

/** Returns the answer to a statement that asks which tables or streams exist; undefined for an unknown name. */
export function statementAnswer(
  statement: Statement,
  plan: ActivatedPlan,
  topicOf: TopicOf,
): object | undefined {
  const tables = readableTables(plan)
  const common = { statementText: `${statement.text};`, warnings: [] }
  if (statement.kind === 'show') {
    const { of } = statement
    const listed =
      of === 'tables'
        ? tables.map(table => tableEntry(table, topicOf))
        : plan.streams.map(stream => streamEntry(stream, topicOf))
    return { '@type': of, ...common, [of]: listed }
  }
  if (statement.kind !== 'describe') return undefined
  const isNamed = ({ name }: { readonly name: string }) => shownName(name) === shownName(statement.name.text)
  const table = tables.find(isNamed)
  const stream = plan.streams.find(isNamed)
  const described = table
    ? { ...tableEntry(table, topicOf), ...shape(table.columns), statement: table.statement }
    : stream && { ...streamEntry(stream, topicOf), ...shape(stream.columns), statement: '' }
  if (!described) return undefined
  const windowType = table?.window?.kind.toUpperCase() ?? null
  const sourceDescription = { ...described, windowType, ...NOT_MEASURED }
  return { '@type': 'sourceDescription', ...common, sourceDescription }
}

/** Properties of a description that clients expect, and that have no counterpart here. */
const NOT_MEASURED = {
  readQueries: [],
  writeQueries: [],
  timestamp: '',
  statistics: '',
  errorStats: '',
  extended: false,
  partitions: 0,
  replication: 0,
  queryOffsetSummaries: [],
  sourceConstraints: [],
}

const FORMATS = { keyFormat: 'JSON', valueFormat: 'JSON' }

function tableEntry({ name, window }: TablePlan, topicOf: TopicOf) {
  const topic = topicOf('view-changes')
  return { type: 'TABLE', name: shownName(name), topic, ...FORMATS, isWindowed: window !== undefined }
}

function streamEntry({ name, signal }: StreamPlan, topicOf: TopicOf) {
  return { type: 'STREAM', name: shownName(name), topic: topicOf(signal), ...FORMATS, isWindowed: false }
}

function shape(
  columns: readonly { readonly name: string; readonly type: ColumnType; readonly isKey?: true }[],
) {
  return {
    fields: columns.map(column => ({
      name: shownName(column.name),
      schema: schemaOf(typeName(column)),
      ...(column.isKey && { type: 'KEY' }),
    })),
  }
}

function schemaOf(type: string): object {
  const member = /^ARRAY<(.+)>$/.exec(type)?.[1]
  return { type: member ? 'ARRAY' : type, fields: null, memberSchema: member ? schemaOf(member) : null }
}
