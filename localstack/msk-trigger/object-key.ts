import { createHash, randomUUID } from 'node:crypto'
import { partitionName } from './event.ts'
import type { GivenUp } from './invocation-record.ts'
import type { Mapping } from './mappings.ts'

/**
 * The name of an object in S3: `aws/lambda/<mapping>/<date>/<time>-<random>`, as AWS documents it for streams, whose
 * shard stands for a partition where `s3Key` says so. The id of a mapping is a UUID; here it is made of its group.
 */
export function objectKey(
  { parts }: Pick<GivenUp, 'parts'>,
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
