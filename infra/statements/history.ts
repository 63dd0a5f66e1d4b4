/** Permissions for history in S3. Pure. */
import { HISTORY_TABLES } from '../../lib/history/tables.ts'
import { arnInBucket } from '../place/arns.ts'
import type { Place } from '../place/place.ts'
import { allow, byService, type Statement } from './statement.ts'

/** Folders of the bucket. They must match `lib/history/object-key.ts`. */
const FOLDERS = HISTORY_TABLES.map(table => `/${table}/*`)

/** Returns the permissions of functions that read history. */
export function buildReadingStatements(place: Place): Statement[] {
  return buildBucketStatements(place, (bucket, objects) => [
    allowListing(bucket),
    allow(['s3:GetObject'], objects),
  ])
}

/** Returns the permissions of a function that only adds objects. */
export function buildAppendingStatements(place: Place): Statement[] {
  return buildBucketStatements(place, (_, objects) => [allow(['s3:PutObject'], objects)])
}

/** Permits listing the whole bucket, because S3 answers 403 instead of 404 for a missing object otherwise. */
function allowListing(bucket: string): Statement {
  return allow(['s3:ListBucket'], [arnInBucket(bucket)])
}

/** Returns statements for the bucket and its key; none without a bucket. */
function buildBucketStatements(
  { historyBucket: bucket, historyKey }: Place,
  statements: (bucket: string, objects: readonly object[]) => Statement[],
): Statement[] {
  if (!bucket) return []
  const key = {
    ...allow(['kms:Decrypt', 'kms:GenerateDataKey'], [historyKey]),
    Condition: { StringEquals: { 'kms:ViaService': byService('s3') } },
  }
  return [
    ...statements(
      bucket,
      FOLDERS.map(folder => arnInBucket(bucket, folder)),
    ),
    ...(historyKey ? [key] : []),
  ]
}
