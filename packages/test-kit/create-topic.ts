import type { Admin, ITopicConfig } from 'kafkajs'
import { until } from './until.ts'

/**
 * Creates a topic and waits until the leader of each partition responds. The library's own wait is insufficient: it fails if a
 * broker has no metadata of the topic yet, and metadata can name a leader before that broker has become the leader.
 */
export async function createTopic(admin: Admin, config: ITopicConfig): Promise<void> {
  await admin.createTopics({ topics: [config], waitForLeaders: false })
  await until(`the leaders of ${config.topic} answer`, async () => {
    await admin.fetchTopicOffsets(config.topic)
    return true
  })
}
