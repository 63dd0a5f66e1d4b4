/** Permissions for history in S3 and for queries of Athena. Pure. */
import { historyDatabase, historyWorkgroup } from '../../lib/app/resource-names.ts'
import { HISTORY_TABLES } from '../../lib/history/tables.ts'
import type { DeploymentPlace } from '../account.ts'
import { allow, arnHere, arnInBucket, byService, type Statement } from '../arn.ts'

type HistoryPlace = Pick<DeploymentPlace, 'env' | 'historyBucket' | 'historyKey'>

/** Folders of the bucket. The names of the objects must match `lib/history/object-key.ts`. */
const MARTS = '/marts/*'
const RESULTS = '/athena-results/*'

/** Returns the permissions of functions that rewrite history. They may not delete versions, and not read results of Athena. */
export function historyStatements(place: HistoryPlace): Statement[] {
  const written = [...HISTORY_TABLES.map(table => `/${table}/*`), MARTS]
  return inBucket(place, (bucket, objects) => [
    list(bucket),
    allow(['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], objects(written)),
  ])
}

/** Returns the permissions of a function that only adds parts. */
export function appendingStatements(place: HistoryPlace): Statement[] {
  return inBucket(place, (_, objects) => [
    allow(['s3:PutObject'], objects(HISTORY_TABLES.map(table => `/${table}/parts/*`))),
  ])
}

/**
 * Returns the permissions for queries of Athena, which reads tables and objects with the permissions of its caller.
 *
 * @see https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html for the database `default`
 */
export function athenaStatements(place: HistoryPlace): Statement[] {
  const database = historyDatabase(place.env)
  const glue = (resource: string) => arnHere('glue', resource)
  return inBucket(place, (bucket, objects) => [
    allow(
      [
        'athena:StartQueryExecution',
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:StopQueryExecution',
      ],
      [arnHere('athena', `workgroup/${historyWorkgroup(place.env)}`)],
    ),
    allow(['glue:GetDatabase'], ['catalog', 'database/default', `database/${database}`].map(glue)),
    allow(
      [
        'glue:GetTable',
        'glue:GetTables',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:BatchGetPartition',
      ],
      ['catalog', `database/${database}`, `table/${database}/*`].map(glue),
    ),
    allow(['s3:GetBucketLocation', 's3:ListBucket'], [arnInBucket(bucket)]),
    allow(['s3:GetObject'], objects([...HISTORY_TABLES.map(table => `/${table}/*`), MARTS])),
    allow(
      ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      objects([RESULTS]),
    ),
  ])
}

/** Permits listing the whole bucket, because S3 answers 403 instead of 404 for a missing object otherwise. */
function list(bucket: string): Statement {
  return allow(['s3:ListBucket'], [arnInBucket(bucket)])
}

/** Returns statements for the bucket and its key; none without a bucket. */
function inBucket(
  { historyBucket: bucket, historyKey }: HistoryPlace,
  statements: (bucket: string, objects: (folders: readonly string[]) => readonly object[]) => Statement[],
): Statement[] {
  if (!bucket) return []
  const key = {
    ...allow(['kms:Decrypt', 'kms:GenerateDataKey'], [historyKey]),
    Condition: { StringEquals: { 'kms:ViaService': byService('s3') } },
  }
  return [
    ...statements(bucket, folders => folders.map(folder => arnInBucket(bucket, folder))),
    ...(historyKey ? [key] : []),
  ]
}
