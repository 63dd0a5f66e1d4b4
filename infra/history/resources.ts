/** CloudFormation resources with which Athena reads history: database, tables, views and workgroup. Pure. */
import { historyDatabase, historyWorkgroup } from '../../lib/app/resource-names.ts'
import type { DeploymentPlace } from '../account.ts'
import { glueTables } from './glue.ts'

/** Folder of the bucket for the results of queries. The lifecycle of the bucket deletes them after three days. */
const RESULTS = 'athena-results'

const DATABASE = 'HistoryDatabase'

type HistoryPlace = Pick<
  DeploymentPlace,
  'env' | 'historyBucket' | 'historyKey' | 'scanGigabytes' | 'warehouseSecret'
>

/** Returns the resources by logical id. Empty without a bucket, and on this machine, which has no Athena. */
export function historyResources(place: HistoryPlace): Record<string, object> {
  const { env, historyBucket: bucket } = place
  if (bucket === undefined || place.scanGigabytes === undefined) return {}
  const database = historyDatabase(env)
  const account = { Ref: 'AWS::AccountId' }
  const hasMarts = place.warehouseSecret === undefined
  const tables = glueTables({ env, bucket, database, hasMarts }).map(TableInput => [
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
    HistoryWorkgroup: workgroup(bucket, place),
  }
}

/** Returns the logical id of a table: `HistoryDeadLettersParts` for `dead_letters_parts`. */
function logicalId(table: string): string {
  const words = table.split('_').map(word => word.charAt(0).toUpperCase() + word.slice(1))
  return `History${words.join('')}`
}

function workgroup(bucket: string, { env, historyKey, scanGigabytes = 0 }: HistoryPlace): object {
  const EncryptionConfiguration = historyKey
    ? { EncryptionOption: 'SSE_KMS', KmsKey: historyKey }
    : { EncryptionOption: 'SSE_S3' }
  return {
    Type: 'AWS::Athena::WorkGroup',
    Properties: {
      Name: historyWorkgroup(env),
      // The stack could not be deleted otherwise, because a workgroup keeps a list of its queries. The results are in the bucket.
      RecursiveDeleteOption: true,
      WorkGroupConfiguration: {
        // Queries cannot choose other places or keys for their results.
        EnforceWorkGroupConfiguration: true,
        PublishCloudWatchMetricsEnabled: true,
        BytesScannedCutoffPerQuery: scanGigabytes * 1_000_000_000,
        EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
        ResultConfiguration: { OutputLocation: `s3://${bucket}/${RESULTS}/`, EncryptionConfiguration },
      },
    },
  }
}
