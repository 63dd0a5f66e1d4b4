/** Permissions for history in S3. Pure. */
import { HISTORY_TABLES } from '../../lib/history/index.ts'
import { arnInBucket } from '../place/arns.ts'
import type { Place } from '../place/place.ts'
import { allow, byService, type Statement } from './statement.ts'

/** Folders of the bucket. They must match `lib/history/object-key.ts`. */
const FOLDERS = HISTORY_TABLES.map(table => `/${table}/*`)

/** Returns the permissions of a function that only adds objects; none without a bucket. */
export function buildAppendingStatements({ historyBucket: bucket, historyKey }: Place): Statement[] {
  if (!bucket) return []
  const key = {
    ...allow(['kms:Decrypt', 'kms:GenerateDataKey'], [historyKey]),
    Condition: { StringEquals: { 'kms:ViaService': byService('s3') } },
  }
  const objects = FOLDERS.map(folder => arnInBucket(bucket, folder))
  return [allow(['s3:PutObject'], objects), ...(historyKey ? [key] : [])]
}
