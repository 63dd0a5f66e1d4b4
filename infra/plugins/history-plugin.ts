/**
 * Serverless Framework plugin that adds the tables of history to the template of the functions: a database and external tables over
 * the objects of the bucket, with which Athena reads them.
 */

import type { Vocabulary } from '../../lib/app/naming/names.ts'
import { historyDatabase } from '../../lib/app/naming/resource-names.ts'
import { resolveSignals } from '../../lib/app/naming/topic-table.ts'
import { FAMILIES, NAMES, readSettings } from '../../lib/app/settings/index.ts'
import {
  type ColumnType,
  getTableSignal,
  HISTORY_TABLES,
  type HistoryTable,
  listColumns,
} from '../../lib/history/index.ts'
import { type Place, type PlaceInput, readPlace } from '../place/place.ts'
import type { Template } from './topics-resource.ts'

/** Parts of the Serverless Framework that this plugin uses. */
interface Framework {
  readonly service: {
    readonly provider: { readonly compiledCloudFormationTemplate: Template }
    readonly custom: { readonly deployment: PlaceInput }
  }
}

export default class HistoryPlugin {
  readonly hooks: Readonly<Record<string, () => void>>

  constructor({ service }: Framework) {
    this.hooks = {
      'after:aws:package:finalize:mergeCustomProviderResources': () =>
        void Object.assign(
          service.provider.compiledCloudFormationTemplate.Resources,
          buildHistoryResources(readPlace(service.custom.deployment), readSettings([FAMILIES, NAMES])),
        ),
    }
  }
}

const DATABASE = 'HistoryDatabase'

/** Returns the resources by logical id. Empty without a bucket. */
export function buildHistoryResources({ env, historyBucket: bucket }: Place, vocabulary: Vocabulary) {
  if (bucket === undefined) return {}
  const account = { Ref: 'AWS::AccountId' }
  const tables = HISTORY_TABLES.map(table => [
    toLogicalId(table),
    {
      Type: 'AWS::Glue::Table',
      Properties: {
        CatalogId: account,
        DatabaseName: { Ref: DATABASE },
        TableInput: buildGlueTable(table, { env, bucket }, vocabulary),
      },
    },
  ])
  return {
    [DATABASE]: {
      Type: 'AWS::Glue::Database',
      Properties: { CatalogId: account, DatabaseInput: { Name: historyDatabase(env) } },
    },
    ...Object.fromEntries(tables),
  }
}

/** Returns the logical id of a table: `HistoryDeadLetters` for `dead_letters`. */
function toLogicalId(table: string): string {
  const words = table.split('_').map(word => word.charAt(0).toUpperCase() + word.slice(1))
  return `History${words.join('')}`
}

/** Data types of Glue, which are those of Hive. */
const TYPES: Readonly<Record<ColumnType, string>> = {
  STRING: 'string',
  JSON: 'string',
  INT32: 'int',
  INT64: 'bigint',
  DOUBLE: 'double',
  BOOLEAN: 'boolean',
  TIMESTAMP: 'timestamp',
}

/** First day of the tables. Athena does not see objects of earlier days. */
const FIRST_DAY = '2024-01-01'

const PARQUET = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
}

const TOPIC = { Name: 'topic', Type: 'string' }
const DAY = { Name: 'day', Type: 'string' }

interface GluePlace {
  readonly env: string
  readonly bucket: string
}

/** Returns the table over the objects. The topic is a partition column, so it is not among the other columns. */
function buildGlueTable(table: HistoryTable, { env, bucket }: GluePlace, { families, names }: Vocabulary) {
  const columns = listColumns(families, table).filter(({ name }) => name !== TOPIC.Name)
  const topics = resolveSignals([getTableSignal(table)]).map(signal => names.topicName(signal, env))
  // The location must match `formatObjectKey`.
  const Location = `s3://${bucket}/${table}/`
  return {
    Name: table,
    TableType: 'EXTERNAL_TABLE',
    // Partition projection computes the partitions from these properties, so that no crawler has to find them.
    Parameters: {
      EXTERNAL: 'TRUE',
      'projection.enabled': 'true',
      'projection.topic.type': 'enum',
      'projection.topic.values': topics.join(','),
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy-MM-dd',
      // A day longer than now, because a record's clock may be ahead.
      'projection.day.range': `${FIRST_DAY},NOW+1DAY`,
      'projection.day.interval': '1',
      'projection.day.interval.unit': 'DAYS',
      'storage.location.template': `${Location}topic=\${topic}/day=\${day}/`,
    },
    PartitionKeys: [TOPIC, DAY],
    StorageDescriptor: {
      Columns: columns.map(({ name, type }) => ({ Name: name, Type: TYPES[type] })),
      Location,
      ...PARQUET,
    },
  }
}
