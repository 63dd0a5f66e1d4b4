/** Permissions for history in S3. Pure. */
import { HISTORY_TABLES } from '../../lib/history/tables.ts'
import type { DeploymentPlace } from '../account.ts'
import { allow, arnInBucket, byService, type Statement } from '../arn.ts'

type HistoryPlace = Pick<DeploymentPlace, 'historyBucket' | 'historyKey'>

/** Folders of the bucket. The names of the objects must match `lib/history/object-key.ts`. */

/** Returns the permissions of functions that rewrite history. They may not delete versions. */
export function historyStatements(place: HistoryPlace): Statement[] {
  const written = HISTORY_TABLES.map(table => `/${table}/*`)
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
