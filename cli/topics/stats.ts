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
  about: `Show how full a topic is, and who has yet to read it.

messages are the records that Kafka keeps now, and bytes what they take on disk, without their copies. messages_pending are those of them
that at least one subscriber has not consumed; without any subscriber, all. subscribers are the consumer groups with a member that reads
the topic, or with committed offsets of it.`,
  more: `
Records are counted by their offsets, so markers of transactions count, too, and so does what compaction has removed. Bytes are those of the
log's segments, as the leader of each partition has them. They are null where a broker does not tell them: that needs the right to
describe the cluster, and some services that speak Kafka's protocol do not have the question.

Examples:
  sluice topics stats readings
  sluice topics stats orders --json`,
  args: {
    topic: argument('a signal, or the whole name of a topic', SOME_TEXT),
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
