/**
 * Columns of the history. Each table has the attributes of a record and of its event, and a column for each field in the JSON
 * Schemas of its event types. A field that a schema gains becomes a column without further work. Where fields of one name differ in
 * their kind of values, each kind has a column. Pure.
 */
import { listEventTypes } from '../telemetry/event-types.ts'
import type { Families } from '../telemetry/families.ts'
import { findJsonSchema } from '../telemetry/schema-texts.ts'
import { getTableSignal, type HistoryTable } from './tables.ts'

/** `JSON` is text that contains JSON. `TIMESTAMP` is in milliseconds since the epoch, UTC. */
export type ColumnType = 'STRING' | 'JSON' | 'INT32' | 'INT64' | 'DOUBLE' | 'BOOLEAN' | 'TIMESTAMP'

export interface HistoryColumn {
  readonly name: string
  readonly type: ColumnType
  readonly description: string
}

/** Column that contains a field of the event's data. */
export interface DataColumn extends HistoryColumn {
  /** Names of the properties that lead to the field. */
  readonly path: readonly string[]
  /** Event types whose field it is; absent unless fields of several paths share the column. */
  readonly types?: readonly string[]
}

/** Columns of every table before those of the data. */
const COMMON_COLUMNS = [
  column('topic', 'STRING', 'Kafka topic of the record'),
  column('partition', 'INT32', 'Partition of the record'),
  column('offset', 'INT64', 'Offset of the record'),
  column('timestamp', 'TIMESTAMP', 'Timestamp of the record in its topic'),
  column('key', 'STRING', 'Key of the record'),
  column('id', 'STRING', 'CloudEvents id'),
  column('source', 'STRING', 'CloudEvents source'),
  column('type', 'STRING', 'CloudEvents type'),
  column('subject', 'STRING', 'CloudEvents subject'),
  column('time', 'TIMESTAMP', 'CloudEvents time, in milliseconds'),
  column('datacontenttype', 'STRING', 'CloudEvents datacontenttype'),
  column('dataschema', 'STRING', 'CloudEvents dataschema'),
  column('traceparent', 'STRING', 'W3C trace context'),
  column('extensions', 'JSON', 'Other extension attributes of the event'),
] as const satisfies readonly HistoryColumn[]

const REST = column(
  'rest',
  'JSON',
  'All parts of the record that no column contains: see lib/history/row.ts for its keys',
)

/** Columns that every table has. */
export const RECORD_COLUMNS: readonly HistoryColumn[] = [...COMMON_COLUMNS, REST]

function column<const Name extends string>(name: Name, type: ColumnType, description: string) {
  return { name, type, description }
}

interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
}

/** Returns all columns of a table in their order. */
export function listColumns(families: Families, table: HistoryTable): readonly HistoryColumn[] {
  const data = new Map(listDataColumns(families, table).map(column => [column.name, column]))
  return [...COMMON_COLUMNS, ...data.values(), REST]
}

const columnsByFamilies = new WeakMap<Families, Map<HistoryTable, readonly DataColumn[]>>()

/** Returns the columns that contain fields of the data. A column that several paths share is repeated. */
export function listDataColumns(families: Families, table: HistoryTable): readonly DataColumn[] {
  const byTable = columnsByFamilies.get(families) ?? new Map<HistoryTable, readonly DataColumn[]>()
  columnsByFamilies.set(families, byTable)
  const found = byTable.get(table) ?? deriveColumns(families, table)
  byTable.set(table, found)
  return found
}

function deriveColumns(families: Families, table: HistoryTable): DataColumn[] {
  const fields = [...listEventTypes(families)].flatMap(([type, { topic }]) => {
    const own = topic === getTableSignal(table) ? (findJsonSchema(families, type) as Schema) : {}
    return listSchemaColumns(own).map(field => ({ ...field, types: [type] }))
  })
  return [...Map.groupBy(nameFields(fields), ({ name }) => name).values()].flatMap(same => {
    const { type } = same.find(field => field.type === 'DOUBLE') ?? (same[0] as DataColumn)
    // Of two fields of one schema, the column contains the first one.
    const first = same.filter(
      (field, at) => same.findIndex(({ types }) => types[0] === field.types[0]) === at,
    )
    const byPath = [...Map.groupBy(first, ({ path }) => path.join('.')).values()]
    return byPath.map(shared => {
      const { types: _, ...column } = { ...(shared[0] as DataColumn), type }
      return byPath.length === 1 ? column : { ...column, types: shared.flatMap(({ types }) => types) }
    })
  })
}

/** Kinds of values. Of several kinds with one name, the first one keeps it, and the others are behind it, such as text. */
const KINDS = ['number', 'boolean', 'text', 'json'] as const

/** Name and type of a column. */
export type NamedColumn = Pick<HistoryColumn, 'name' | 'type'>

function getKind({ type }: NamedColumn): (typeof KINDS)[number] {
  if (type === 'BOOLEAN') return 'boolean'
  return type === 'STRING' ? 'text' : type === 'JSON' ? 'json' : 'number'
}

/** Returns fields with the names of their columns, in any order the same. @param own columns that keep their names */
export function nameFields<Field extends NamedColumn>(
  fields: readonly Field[],
  own: readonly NamedColumn[] = [],
): Field[] {
  const plain = new Map<string, string>()
  for (const all of [fields, own])
    for (const kind of KINDS.toReversed())
      for (const field of all) if (getKind(field) === kind) plain.set(field.name, kind)
  return fields.map(field => {
    const kind = getKind(field)
    let { name } = field
    while ((plain.get(name) ?? kind) !== kind) name += `_${kind}`
    return { ...field, name }
  })
}

/** Returns the columns that an object has of the data. Some can be of a time when fields of one name differed in their kind. */
export function listStoredColumns(
  families: Families,
  table: HistoryTable,
  names: readonly string[],
): DataColumn[] {
  const own = Map.groupBy(listDataColumns(families, table), ({ name }) => name)
  return names.flatMap(name => {
    const [, base = '', kind] = /^(.+)_(number|boolean|text|json)$/.exec(name) ?? []
    const type = kind === 'json' ? ('JSON' as const) : ('STRING' as const)
    return own.get(name) ?? own.get(base)?.map(column => ({ ...column, name, type })) ?? []
  })
}

/** Returns the columns that the fields of a schema would have, if the table had them. */
export function listSchemaColumns({ properties = {} }: Schema): readonly DataColumn[] {
  return listFields(properties, [])
}

function listFields(properties: Readonly<Record<string, Schema>>, path: readonly string[]): DataColumn[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const own = [...path, name]
    if (schema.properties) return listFields(schema.properties, own)
    const { description = '' } = schema
    return [{ name: toColumnName(own), type: toColumnType(schema), path: own, description }]
  })
}

const TYPES: Readonly<Record<string, ColumnType>> = {
  string: 'STRING',
  integer: 'INT64',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
}

/** Lists, maps and values of several types become JSON text. */
function toColumnType(schema: Schema): ColumnType {
  const values = schema.enum ?? (schema.const === undefined ? [] : [schema.const])
  if (values.length > 0) return values.every(value => typeof value === 'string') ? 'STRING' : 'JSON'
  const types = [schema.type ?? []].flat().filter(type => type !== 'null')
  return (types.length === 1 && TYPES[types[0] as string]) || 'JSON'
}

const RESERVED: ReadonlySet<string> = new Set([...COMMON_COLUMNS.map(({ name }) => name), REST.name])

/** Returns the name of a field's column, for example `place_bed` for `place.bed`. */
function toColumnName(path: readonly string[]): string {
  const snake = path.map(part => part.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)).join('_')
  return RESERVED.has(snake) ? `data_${snake}` : snake
}
