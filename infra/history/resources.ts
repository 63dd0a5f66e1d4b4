/** CloudFormation resources with which Athena reads history: database, tables and views. Pure. */
import { historyDatabase } from '../../lib/app/resource-names.ts'
import type { DeploymentPlace } from '../account.ts'
import { glueTables } from './glue.ts'

const DATABASE = 'HistoryDatabase'

type HistoryPlace = Pick<DeploymentPlace, 'env' | 'historyBucket'>

/** Returns the resources by logical id. Empty without a bucket. */
export function historyResources(place: HistoryPlace): Record<string, object> {
  const { env, historyBucket: bucket } = place
  if (bucket === undefined) return {}
  const database = historyDatabase(env)
  const account = { Ref: 'AWS::AccountId' }
  const tables = glueTables({ env, bucket, database }).map(TableInput => [
    logicalId((TableInput as { readonly Name: string }).Name),
    {
      Type: 'AWS::Glue::Table',
      Properties: { CatalogId: account, DatabaseName: { Ref: DATABASE }, TableInput },
    },
  ])
  return {
    [DATABASE]: {
      Type: 'AWS::Glue::Database',
      Properties: { CatalogId: account, DatabaseInput: { Name: database } },
    },
    ...Object.fromEntries(tables),
  }
}

/** Returns the logical id of a table: `HistoryDeadLettersParts` for `dead_letters_parts`. */
function logicalId(table: string): string {
  const words = table.split('_').map(word => word.charAt(0).toUpperCase() + word.slice(1))
  return `History${words.join('')}`
}
