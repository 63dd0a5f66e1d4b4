import { topicOf } from '../../lib/operations/state-keys.ts'
import { topicStatistics } from '../../lib/queries/topic-descriptions.ts'
import { topicSize } from '../../lib/queries/topic-sizes.ts'
import { ClusterInspection } from '../../packages/runtime/adapters/kafka/cluster-inspection.ts'
import type { TopicLayout } from '../../packages/runtime/adapters/kafka/topic-admin.ts'
import { argument, command, environment, JSON_OPTION, SOME_TEXT } from '../command.ts'
import { configOf } from '../connections.ts'
import { type KafkaCommand, requireTopicIn, withKafka } from '../kafka.ts'
import { printReport } from '../terminal.ts'
import { statsText, type TopicReport } from './text.ts'

export default command({
  about: `Show the size of a topic, and the records that its subscribers have not consumed.

messages is the number of records in the topic, and bytes their size on disk, without replicas. messages_pending is
the number of records that at least one subscriber has not consumed, or of all records if there are no subscribers.
subscribers are the consumer groups with a member that reads the topic, or with committed offsets for it.`,
  more: `
Records are counted by their offsets, so transaction markers and compacted records are included. Bytes are the size of
the log segments, as reported by the leader of each partition. They are null if a broker does not report them: this
requires permission to describe the cluster, and some Kafka-compatible services do not support the request.

Examples:
  sluice topics stats readings
  sluice topics stats orders --json`,
  args: {
    topic: argument('signal, or full name of a topic', SOME_TEXT),
  },
  options: {
    json: JSON_OPTION,
    env: environment('of a signal'),
  },
  async run({ topic: named, json, env }, terminal) {
    const config = configOf(terminal, env)
    const topic = topicOf({ topic: named }, config.env)
    const report = await withKafka(config, async (command): Promise<TopicReport> => {
      const layout = requireTopicIn(command, topic)
      const found = await topicStatistics(command.kafka, command.offsets, topic)
      const bytes = await bytesOf(command, layout)
      const subscribers = found.subscribers.map(({ group, state, members, pending }) => {
        return { group, state, members: members.length, lag: pending }
      })
      return { topic, messages: found.records, messages_pending: found.pending, bytes, subscribers }
    })
    printReport(terminal, report, json, statsText)
  },
})

async function bytesOf({ kafka }: KafkaCommand, topic: TopicLayout): Promise<number | null> {
  const inspection = new ClusterInspection(kafka)
  try {
    return (await topicSize(inspection, topic)).bytes
  } finally {
    await inspection.close()
  }
}
