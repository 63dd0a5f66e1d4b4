import type { Admin, ITopicConfig } from 'kafkajs'
import { until } from './until.ts'

/**
 * Creates a topic and waits until it can be used. Not by the library's own wait: that fails at a broker which has not yet
 * heard of the topic.
 */
export async function createTopic(admin: Admin, config: ITopicConfig): Promise<void> {
  await admin.createTopics({ topics: [config], waitForLeaders: false })
  await until(`${config.topic} has leaders`, async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [config.topic] })
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
  })
}
