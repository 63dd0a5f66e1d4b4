/** CloudFormation resources with which Athena reads history: a database and its tables. Pure. */
import { historyDatabase } from '../../lib/app/resource-names.ts'
import type { DeploymentPlace } from '../account.ts'
import { glueTables } from './glue.ts'

const DATABASE = 'HistoryDatabase'

/** Returns the resources by logical id. Empty without a bucket. */
export function historyResources({
  env,
  historyBucket: bucket,
}: Pick<DeploymentPlace, 'env' | 'historyBucket'>) {
  if (bucket === undefined) return {}
  const account = { Ref: 'AWS::AccountId' }
  const tables = glueTables({ env, bucket }).map(TableInput => [
    logicalId(TableInput.Name),
    {
      Type: 'AWS::Glue::Table',
      Properties: { CatalogId: account, DatabaseName: { Ref: DATABASE }, TableInput },
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
function logicalId(table: string): string {
  const words = table.split('_').map(word => word.charAt(0).toUpperCase() + word.slice(1))
  return `History${words.join('')}`
}
