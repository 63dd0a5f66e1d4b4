/** Answers of ksqlDB's REST interface to statements other than queries. Pure. */
import type { Statement } from '../../lib/views/language/syntax.ts'
import {
  type ActivatedPlan,
  type ColumnType,
  readableTables,
  type StreamPlan,
  type TablePlan,
} from '../../lib/views/plan.ts'
import { shownName, typeName } from './formats.ts'

const DECLARED =
  'Tables are declared in files: write the statement into config/views/ and run `sluice views apply`.'

/** Version of ksqlDB whose interface this is. */
const VERSION = '0.29.0'

export function infoAnswer(env: string) {
  const identity = { kafkaClusterId: `sluice-${env}`, ksqlServiceId: env }
  return { KsqlServerInfo: { version: VERSION, ...identity, serverStatus: 'RUNNING' } }
}

/** Returns the answer to the health check. @param isHealthy whether the plan in force can be read */
export function healthAnswer(isHealthy: boolean) {
  const details = { metastore: { isHealthy }, kafka: { isHealthy } }
  return { isHealthy, details, serverState: isHealthy ? 'READY' : 'ERROR' }
}

/** Messages for statements that are not answered by `/ksql`. */
export const REFUSED: Readonly<Record<Statement['kind'], string>> = {
  ...{ stream: DECLARED, table: DECLARED, drop: 'Drop tables with `sluice views drop`.' },
  select: 'Send SELECT statements to /query.',
  describe: 'There is no such table or stream. SHOW TABLES and SHOW STREAMS list them.',
  show: 'SHOW TABLES and SHOW STREAMS are known.',
}

/** Returns the topic of a signal. */
type TopicOf = (signal: string) => string

/** Returns the answer to a statement about tables and streams; undefined for an unknown name, and for other statements. */
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
  ...{ readQueries: [], writeQueries: [], queryOffsetSummaries: [], sourceConstraints: [] },
  ...{ timestamp: '', statistics: '', errorStats: '', extended: false, partitions: 0, replication: 0 },
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
