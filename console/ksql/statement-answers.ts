/** Answers of ksqlDB's REST interface to statements other than queries. Pure. */
import { describeIgnored } from '../../control/statements/plan-change.ts'
import {
  type ActivatedPlan,
  type ColumnType,
  readableTables,
  type StreamPlan,
  type TablePlan,
} from '../../lib/views/index.ts'
import type { ChangingStatement, Statement } from '../../lib/views/language/index.ts'
import { formatName, formatType } from './row-format.ts'

const DECLARED =
  'Tables are declared in files: write the statement into config/views/ and run `sluice views apply`.'

/** Version of ksqlDB whose interface this is. */
const VERSION = '0.29.0'

export function buildInfoAnswer(env: string) {
  const identity = { kafkaClusterId: `sluice-${env}`, ksqlServiceId: env }
  return { KsqlServerInfo: { version: VERSION, ...identity, serverStatus: 'RUNNING' } }
}

/** Returns the answer to the health check. @param isHealthy whether tables are in force */
export function buildHealthAnswer(isHealthy: boolean) {
  const details = { metastore: { isHealthy }, kafka: { isHealthy } }
  return { isHealthy, details, serverState: isHealthy ? 'READY' : 'ERROR' }
}

/** Messages for statements that are not answered by `/ksql`. */
export const REFUSED: Readonly<Record<Statement['kind'], string>> = {
  ...{
    stream: DECLARED,
    table: DECLARED,
    drop: 'Drop tables with `sluice views drop`, streams in their files.',
  },
  select: 'Send SELECT statements to /query or /query-stream.',
  describe: 'There is no such table or stream. SHOW TABLES and SHOW STREAMS list them.',
  show: 'SHOW TABLES and SHOW STREAMS are known.',
}

/** Returns the answer to a CREATE or DROP. @param result undefined while the change runs */
export function buildChangeAnswer(statement: ChangingStatement, result: string | undefined) {
  const { kind, name, text } = statement
  const commandId = `${kind === 'drop' ? statement.of : kind}/${formatName(name.text)}/${kind === 'drop' ? 'drop' : 'create'}`
  const status = result === undefined ? 'EXECUTING' : 'SUCCESS'
  const notices = describeIgnored(statement)
  const says = result ?? EXECUTING
  // The result of a change names them.
  const more = notices.filter(notice => !says.includes(notice))
  const message = more.length === 0 ? says : [says.replace(/[.]$/, ''), ...more].join('. ')
  const commandStatus = { status, message, queryId: null }
  const warnings = notices.map(message => ({ message }))
  const common = { statementText: `${text};`, commandSequenceNumber: 0, warnings }
  return { '@type': 'currentStatus', commandId, commandStatus, ...common }
}

const EXECUTING =
  'The file has the statement, and the records of the past are being added. The server prints the progress and the result; SHOW TABLES lists what is in force.'

/** Returns the answer to a statement after which nothing was to be changed. */
export function buildNotice({ text }: Statement, message: string) {
  return { '@type': 'warning_entity', statementText: `${text};`, message, warnings: [] }
}

/** Returns the topic of a signal. */
type TopicLookup = (signal: string) => string

/** Returns the answer to a statement about tables and streams; undefined for an unknown name, and for other statements. */
export function buildStatementAnswer(
  statement: Statement,
  plan: ActivatedPlan,
  getTopic: TopicLookup,
): object | undefined {
  const tables = readableTables(plan)
  const common = { statementText: `${statement.text};`, warnings: [] }
  if (statement.kind === 'show') {
    const { of } = statement
    const entries =
      of === 'tables'
        ? tables.map(table => toTableEntry(table, getTopic))
        : plan.streams.map(stream => toStreamEntry(stream, getTopic))
    return { '@type': of, ...common, [of]: entries }
  }
  if (statement.kind !== 'describe') return undefined
  const isNamed = ({ name }: { readonly name: string }) =>
    formatName(name) === formatName(statement.name.text)
  const table = tables.find(isNamed)
  const stream = plan.streams.find(isNamed)
  const description = table
    ? { ...toTableEntry(table, getTopic), ...describeColumns(table.columns), statement: table.statement }
    : stream && { ...toStreamEntry(stream, getTopic), ...describeColumns(stream.columns), statement: '' }
  if (!description) return undefined
  const windowType = table?.window?.kind.toUpperCase() ?? null
  const sourceDescription = { ...description, windowType, ...NOT_MEASURED }
  return { '@type': 'sourceDescription', ...common, sourceDescription }
}

/** Properties of a description that clients expect, and that have no counterpart here. */
const NOT_MEASURED = {
  ...{ readQueries: [], writeQueries: [], queryOffsetSummaries: [], sourceConstraints: [] },
  ...{ timestamp: '', statistics: '', errorStats: '', extended: false, partitions: 0, replication: 0 },
}

const FORMATS = { keyFormat: 'JSON', valueFormat: 'JSON' }

function toTableEntry({ name, window }: TablePlan, getTopic: TopicLookup) {
  const topic = getTopic('view-changes')
  return { type: 'TABLE', name: formatName(name), topic, ...FORMATS, isWindowed: window !== undefined }
}

function toStreamEntry({ name, signal, input }: StreamPlan, getTopic: TopicLookup) {
  const topic = input ?? getTopic(signal)
  return { type: 'STREAM', name: formatName(name), topic, ...FORMATS, isWindowed: false }
}

function describeColumns(
  columns: readonly { readonly name: string; readonly type: ColumnType; readonly isKey?: true }[],
) {
  return {
    fields: columns.map(column => ({
      name: formatName(column.name),
      schema: toSchema(formatType(column)),
      ...(column.isKey && { type: 'KEY' }),
    })),
  }
}

function toSchema(type: string): object {
  const member = /^ARRAY<(.+)>$/.exec(type)?.[1]
  return { type: member ? 'ARRAY' : type, fields: null, memberSchema: member ? toSchema(member) : null }
}
