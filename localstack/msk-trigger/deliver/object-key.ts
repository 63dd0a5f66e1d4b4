import { createHash, randomUUID } from 'node:crypto'
import type { Mapping } from '../config/mappings.ts'
import { partitionName } from '../invoke/event.ts'
import type { DiscardedRecords } from './invocation-record.ts'

/** Returns the key of an S3 object as AWS documents it for streams. The mapping's UUID is derived from the consumer group. */
export function objectKey(
  { parts }: Pick<DiscardedRecords, 'parts'>,
  { groupId, topic, open }: Pick<Mapping, 'groupId' | 'topic' | 'open'>,
  nowMs: number,
): string {
  const [date = '', time = ''] = new Date(nowMs).toISOString().slice(0, 19).split('T')
  const day = date.replaceAll('-', '/')
  const partition = partitionName(topic, parts[0]?.partition ?? 0)
  const folder = open.s3Key === 'by-partition' ? `${partition}/${day}` : day
  return `aws/lambda/${uuidOf(groupId)}/${folder}/${date}T${time.replaceAll(':', '.')}-${randomUUID()}`
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return hex.replace(/^(.{8})(.{4}).(.{3})(.{4})(.{12}).*/, '$1-$2-8$3-$4-$5')
}
