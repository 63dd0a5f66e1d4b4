/** Topics to which dead letters can be redriven. Pure. */
import type { Signal } from '../../app/topic-table.ts'
import type { ForeignRedriveTopic } from '../../failures/redriven-record.ts'

/** Topic of the environment to which records can be redriven. */
export interface RedriveTopic {
  readonly signal: Signal
  /** Current offset bounds of the topic, by partition. */
  readonly bounds: readonly { readonly start: number; readonly end: number }[]
  /** Consumers that read the topic. */
  readonly consumers: ReadonlySet<string>
  readonly maxMessageBytes: number
}

/** Topics by their names in Kafka. */
export type RedriveTopics = ReadonlyMap<string, RedriveTopic>

/** Returns the topic for failed records of inputs; undefined if it does not exist. */
export function findForeignRedriveTopic(
  topics: RedriveTopics,
): (RedriveTopic & ForeignRedriveTopic) | undefined {
  for (const [topic, found] of topics)
    if (found.signal === 'input-redrives') return { ...found, topic, partitions: found.bounds.length }
  return undefined
}
