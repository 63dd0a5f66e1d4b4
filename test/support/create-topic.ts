import type { Admin, ITopicConfig } from 'kafkajs'
import { until } from './until.ts'

/**
 * Creates a topic and waits until the leader of each partition responds. The library's own wait fails if a broker does not know the
 * topic yet, and metadata can contain a leader before that broker has become one.
 */
export async function createTopic(admin: Admin, config: ITopicConfig): Promise<void> {
  await admin.createTopics({ topics: [config], waitForLeaders: false })
  await until(`the leaders of ${config.topic} answer`, async () => {
    await admin.fetchTopicOffsets(config.topic)
    return true
  })
}
