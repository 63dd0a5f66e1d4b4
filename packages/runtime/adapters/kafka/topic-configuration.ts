/** Definition of a topic, and its configuration in Kafka. Pure. */

import type { Replication } from '@sluice/kafka-records/replication'
import type { IResourceConfigEntry } from 'kafkajs'
import type { TopicSettings } from '../../consumer/application.ts'
import { DAY_MS } from '../../consumer/durations.ts'

/** Required definition of a topic. */
export interface KafkaTopic extends TopicSettings {
  readonly name: string
  /** `LogAppendTime` if the broker's clock must set the timestamps, because timers depend on them. */
  readonly timestamps: 'LogAppendTime' | 'CreateTime'
}

/** Returns the configuration of a topic with Kafka's names. */
export function topicConfiguration(topic: KafkaTopic, { minInsync }: Replication): IResourceConfigEntry[] {
  const configuration = {
    'cleanup.policy': 'delete',
    'compression.type': 'producer',
    'retention.ms': topic.keptDays * DAY_MS,
    'message.timestamp.type': topic.timestamps,
    'max.message.bytes': topic.maxMessageBytes,
    'min.insync.replicas': minInsync,
  }
  return Object.entries(configuration).map(([name, value]) => ({ name, value: String(value) }))
}
