/** Glue tables of history: external tables over the objects of the bucket, and the views that Athena reads. Pure. */

import { topicName, topicsOf } from '../../lib/app/topics.ts'
import { columnsOf } from '../../lib/history/columns.ts'
import { HISTORY_TABLES, type HistoryTable, signalOfTable } from '../../lib/history/tables.ts'
import { alertViews, recordsView, tableView, type View, type ViewColumn, type ViewType } from './views.ts'

/** Data types of Glue, which are those of Hive, and of Athena, which are those of Trino. */
const TYPES: Readonly<Record<ViewType, readonly [glue: string, athena: string]>> = {
  STRING: ['string', 'varchar'],
  JSON: ['string', 'varchar'],
  INT32: ['int', 'integer'],
  INT64: ['bigint', 'bigint'],
  DOUBLE: ['double', 'double'],
  BOOLEAN: ['boolean', 'boolean'],
  TIMESTAMP: ['timestamp', 'timestamp(3)'],
  'MAP(VARCHAR, VARCHAR)': ['map<string,string>', 'map(varchar,varchar)'],
}

/** First day of the tables. Athena does not see objects of earlier days. */
const FIRST_DAY = '2024-01-01'

const PARQUET = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
}

const JSON_LINES = {
  InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
}

const TOPIC = { Name: 'topic', Type: 'string' }
const DAY = { Name: 'day', Type: 'string' }

export interface GluePlace {
  readonly env: string
  readonly bucket: string
  /** Name of the database. */
  readonly database: string
}

/** Returns the `TableInput` of all tables and views of history. */
export function glueTables(place: GluePlace): readonly object[] {
  return [
    ...HISTORY_TABLES.flatMap(table => [
      ...(['parts', 'compacted'] as const).map(level => rowsTable(table, level, place)),
      frontierTable(table, place),
      viewTable(tableView(table), place),
    ]),
    ...[recordsView(), ...alertViews()].map(view => viewTable(view, place)),
  ]
}

/** Returns the table over the Parquet objects of one level. The topic is a partition column, so it is not among the other columns. */
function rowsTable(table: HistoryTable, level: 'parts' | 'compacted', place: GluePlace): object {
  const columns = columnsOf(table).filter(({ name }) => name !== TOPIC.Name)
  const days = {
    'projection.day.type': 'date',
    'projection.day.format': 'yyyy-MM-dd',
    // A day longer than now, because a record's clock may be ahead.
    'projection.day.range': `${FIRST_DAY},NOW+1DAY`,
    'projection.day.interval': '1',
    'projection.day.interval.unit': 'DAYS',
  }
  return externalTable(
    `${table}_${level}`,
    glueColumns(columns),
    [TOPIC, DAY],
    PARQUET,
    {
      ...days,
      ...projection(table, place),
      'storage.location.template': `${folder(table, level, place)}topic=\${topic}/day=\${day}/`,
    },
    folder(table, level, place),
  )
}

function glueColumns(columns: readonly ViewColumn[]): GlueColumn[] {
  return columns.map(({ name, type }) => ({ Name: name, Type: TYPES[type][0] }))
}

function frontierTable(table: HistoryTable, place: GluePlace): object {
  const columns = [
    { Name: 'partition', Type: 'int' },
    { Name: 'to_offset', Type: 'bigint' },
  ]
  const location = folder(table, 'frontier', place)
  const template = { 'storage.location.template': `${location}topic=\${topic}/` }
  return externalTable(
    `${table}_frontier`,
    columns,
    [TOPIC],
    JSON_LINES,
    { ...projection(table, place), ...template },
    location,
  )
}

/** Returns the location of a folder, which must match `objectKey`. */
function folder(table: HistoryTable, level: string, { bucket }: GluePlace): string {
  return `s3://${bucket}/${table}/${level}/`
}

/** Partition projection computes the partitions from these properties, so that no crawler has to find them. */
function projection(table: HistoryTable, { env }: GluePlace): Readonly<Record<string, string>> {
  const topics = topicsOf([signalOfTable(table)]).map(signal => topicName(signal, env))
  return {
    'projection.enabled': 'true',
    'projection.topic.type': 'enum',
    'projection.topic.values': topics.join(','),
  }
}

interface GlueColumn {
  readonly Name: string
  readonly Type: string
}

function externalTable(
  Name: string,
  Columns: readonly GlueColumn[],
  PartitionKeys: readonly GlueColumn[],
  format: object,
  properties: Readonly<Record<string, string>>,
  Location: string,
): object {
  return {
    Name,
    TableType: 'EXTERNAL_TABLE',
    Parameters: { EXTERNAL: 'TRUE', ...properties },
    PartitionKeys,
    StorageDescriptor: { Columns, Location, ...format },
  }
}

/** Returns a view in the form in which Athena stores it: its SQL and types as JSON in base64. */
function viewTable({ name, sql, columns }: View, { database }: GluePlace): object {
  const definition = {
    originalSql: sql,
    catalog: 'awsdatacatalog',
    schema: database,
    columns: columns.map(({ name, type }) => ({ name, type: TYPES[type][1] })),
  }
  return {
    Name: name,
    TableType: 'VIRTUAL_VIEW',
    Parameters: { presto_view: 'true', comment: 'Presto View' },
    PartitionKeys: [],
    ViewOriginalText: `/* Presto View: ${Buffer.from(JSON.stringify(definition)).toString('base64')} */`,
    ViewExpandedText: '/* Presto View */',
    StorageDescriptor: {
      Columns: glueColumns(columns),
      SerdeInfo: {},
    },
  }
}
