/** Compiles the statements that declare streams, and resolves their columns. Pure. */

import { type LoadedInput, type LoadedInputs, listInputSchemas } from '../../intake/read-record.ts'
import { similarNames } from '../../support/suggestion.ts'
import { type EventTypes, listEventTypes } from '../../telemetry/event-types.ts'
import type { Families } from '../../telemetry/families.ts'
import { findJsonSchema } from '../../telemetry/schema-texts.ts'
import type { Expression, FunctionName, StreamColumn, StreamPlan } from '../plan.ts'
import { STREAM_SIGNALS, signalOfType } from '../stream-events.ts'
import { hasAggregate, isAggregate } from './compile-aggregate.ts'
import { type Resolve, typeNamed } from './compile-expression.ts'
import { createFieldLocator, plain } from './record-fields.ts'
import { StatementError, unknownName } from './statement-error.ts'
import type { ColumnClause, Name, Position, Query, Statement } from './syntax.ts'

/** Topics of an environment that streams can name beside the signals. */
export interface StreamTopics {
  readonly inputs: LoadedInputs
  /** Returns the signal of one of Sluice's topics, by its name in Kafka. */
  readonly findSignal?: (topic: string) => string | undefined
}

const PROPERTIES = ['KAFKA_TOPIC', 'VALUE_FORMAT', 'FORMAT', 'TIMESTAMP', 'TYPE']
/** Formats that ksqlDB names. Sluice recognizes the format of each record, so the name only documents it. */
const FORMATS = ['JSON', 'AVRO', 'PROTOBUF']

export function compileStream(
  families: Families,
  { name, columns, properties }: Extract<Statement, { readonly kind: 'stream' }>,
  topics: StreamTopics,
): StreamPlan {
  const eventTypes = listEventTypes(families)
  const propertyValues = new Map<string, string>()
  let source: StreamSource | undefined
  for (const { name: property, value } of properties) {
    const key = property.text.toUpperCase()
    if (!PROPERTIES.includes(key)) throw unknownName('property', property.text, PROPERTIES, property.at)
    if (typeof value.value !== 'string')
      throw new StatementError(`${key} is a text`, value.at, `${key} = '…'`)
    if (key === 'KAFKA_TOPIC') source = findSource(eventTypes, value.value, topics, value.at)
    if (key.endsWith('FORMAT') && !FORMATS.includes(value.value.toUpperCase()))
      throw unknownName('format', value.value, FORMATS, value.at)
    propertyValues.set(key, value.value)
  }
  if (!source) throw new StatementError('the stream has no topic', name.at, "WITH (KAFKA_TOPIC = 'readings')")
  const time = properties.find(property => property.name.text.toUpperCase() === 'TIMESTAMP')
  if (time) checkTime(String(time.value.value), source.input, time.value.at)
  const types = propertyValues
    .get('TYPE')
    ?.split(',')
    .map(type => type.trim())
  const locate = createLocator(families, eventTypes, source, types, topics.inputs)
  const compiled = columns.flatMap(column => compileColumns(column, [], locate))
  const names = compiled.map(column => column.name.toLowerCase())
  const repeated = columns.find(
    ({ name: { text } }) => names.filter(name => name === text.toLowerCase()).length > 1,
  )
  if (repeated)
    throw new StatementError(`the column ${repeated.name.text} is declared twice`, repeated.name.at)
  const of = { signal: source.signal, ...(source.input && { input: source.input.topic }) }
  return { name: name.text, ...of, ...(types && { types }), columns: compiled }
}

/** @throws StatementError if TIMESTAMP names another field than the one with the event time */
function checkTime(field: string, input: LoadedInput | undefined, at: Position): void {
  const times = input?.as?.times ?? input?.loadedMappings.flatMap(({ times }) => times) ?? []
  const isTime = times.some(
    time => time !== 'record' && time.from.some(({ name }) => name.toLowerCase() === field.toLowerCase()),
  )
  if (isTime || field.toUpperCase() === 'ROWTIME') return
  const file = input === undefined ? 'a mapping' : 'the mapping of the input'
  throw new StatementError(
    `${field} is not the time of the event, which is ROWTIME: ${file} chooses it, as in time: { from: ${field} }`,
    at,
    "TIMESTAMP = 'ROWTIME'",
  )
}

/** Topic that has the events of a stream, and the input that brings them if the stream names one. */
interface StreamSource {
  readonly signal: string
  readonly input?: LoadedInput
}

/** @throws StatementError for a topic that is neither one of Sluice nor an input */
function findSource(
  eventTypes: EventTypes,
  topic: string,
  { inputs, findSignal }: StreamTopics,
  at: Position,
): StreamSource {
  const signals: readonly string[] = STREAM_SIGNALS
  const signal = signals.includes(topic) ? topic : findSignal?.(topic)
  if (signal !== undefined && signals.includes(signal)) return { signal }
  const input = inputs.get(topic)
  if (input) return { signal: input.as ? signalOfType(eventTypes, input.as.type) : 'readings', input }
  const [nearest] = similarNames(topic, [...inputs.keys(), ...signals])
  throw new StatementError(
    `${topic} is neither a topic of Sluice nor an input. To read it, add this entry to \`inputs\` in config/inputs.yaml: - topic: ${topic}`,
    at,
    nearest && `KAFKA_TOPIC = '${nearest}'`,
  )
}

/** Returns the place of a column in the event, from its names, of which those before the last one are names of objects. */
type Locator = (names: readonly Name[], column: ColumnClause) => Pick<StreamColumn, 'path' | 'stored'>

function createLocator(
  families: Families,
  eventTypes: EventTypes,
  { signal, input }: StreamSource,
  types: readonly string[] | undefined,
  inputs: LoadedInputs,
): Locator {
  if (input && input.loadedMappings.length > 0) return createFieldLocator(input)
  const objects = dataObjects(families, eventTypes, signal, input?.as ? [input.as.type] : types, inputs)
  return names => ({ path: ['data', ...locateInSchemas(names, objects)] })
}

function compileColumns(
  column: ColumnClause,
  outer: readonly Name[],
  locate: Locator,
): readonly StreamColumn[] {
  const { name, type, isKey } = column
  const names = [...outer, name]
  if ('fields' in type) return type.fields.flatMap(inner => compileColumns(inner, names, locate))
  const full = names.map(({ text }) => text).join('->')
  return [{ name: full, type: typeNamed(type, name.at), ...locate(names, column), ...(isKey && { isKey }) }]
}

/** Object in the data of events, as its schema describes it. */
interface DataObject {
  readonly properties?: Readonly<Record<string, DataObject>>
}

/** Returns the data of the events of a stream, for each of their types. */
function dataObjects(
  families: Families,
  eventTypes: EventTypes,
  signal: string,
  types: readonly string[] | undefined,
  inputs: LoadedInputs,
): readonly DataObject[] {
  const isRead = (type: string) => (types ? types.includes(type) : signalOfType(eventTypes, type) === signal)
  return [
    ...[...eventTypes.keys()].filter(isRead).map(type => findJsonSchema(families, type) as DataObject),
    ...listInputSchemas(inputs).flatMap(({ type, schema }) => (isRead(type) ? schema : [])),
  ]
}

function locateInSchemas(names: readonly Name[], objects: readonly DataObject[]): readonly string[] {
  const [name, ...inner] = names
  if (!name) return []
  const field = fieldNamed(name, objects)
  const below = objects.flatMap(({ properties }) => properties?.[field] ?? [])
  return [field, ...locateInSchemas(inner, below)]
}

/**
 * Returns the field that a name means in some objects: `deviceId` for `device_id` and `DEVICE_ID`. A name that no schema has is a key
 * of users, such as those of `tags`, and stays as it is. So does a name in backquotes.
 */
function fieldNamed({ text, isQuoted }: Name, objects: readonly DataObject[]): string {
  const fieldNames = objects.flatMap(({ properties = {} }) => Object.keys(properties))
  if (isQuoted || fieldNames.includes(text)) return text
  return fieldNames.find(field => plain(field) === plain(text)) ?? text
}

/** Columns that each stream has beside its own. */
const PSEUDO: readonly StreamColumn[] = [
  { name: 'ROWTIME', type: 'TIMESTAMP', path: ['timeMs'] },
  { name: 'SUBJECT', type: 'VARCHAR', path: ['subject'] },
  { name: 'SOURCE', type: 'VARCHAR', path: ['source'] },
  { name: 'TYPE', type: 'VARCHAR', path: ['type'] },
]

/** Resolves the columns of a stream. @param items results of the query, whose names are not columns of the stream */
export function createRowResolver({ columns }: StreamPlan, items: Query['items'] = null): Resolve {
  const all = [...columns, ...PSEUDO]
  return node => {
    if (node.kind === 'call' && isAggregate(node))
      throw new StatementError('an aggregate is not a value of one row', node.at, 'HAVING COUNT(*) > 1')
    if (node.kind !== 'name') return undefined
    const column = all.find(({ name }) => name.toLowerCase() === node.name.toLowerCase())
    const item = items?.find(({ name }) => name?.text.toLowerCase() === node.name.toLowerCase())
    if (!column && item) {
      const form = `${hasAggregate(item.value) ? 'HAVING ' : ''}${item.text} …`
      throw new StatementError(`${node.name} names a result: repeat its expression`, node.at, form)
    }
    if (!column)
      throw unknownName(
        'column',
        node.name,
        all.map(({ name }) => name),
        node.at,
      )
    return { value: columnValue(column), type: column.type, at: node.at }
  }
}

/** Returns the value of a column. A value that the event has as another type is converted, such as a number that a mapping keeps as text. */
export function columnValue({ path, type, stored = type }: StreamColumn): Expression {
  const value = { kind: 'field', path, type: stored } as const
  return stored === type ? value : { kind: 'call', name: `TO_${type}` as FunctionName, arguments: [value] }
}
