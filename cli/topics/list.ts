import { SIGNALS } from '../../lib/app/topic-table.ts'
import { command, environment, JSON_OPTION } from '../command.ts'
import { withKafka } from '../servers/kafka.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'
import { formatTopics, summarizeReplication } from './text.ts'

export default command({
  about: `List the topics of the cluster: partitions, replicas, and partitions with a missing replica.

SIGNAL is the name of an environment's topic in the topic table. Internal topics of Kafka are omitted.`,
  more: `
Example:
  sluice topics list --json`,
  options: {
    json: JSON_OPTION,
    env: environment('of the signals'),
  },
  async run({ json, env }, terminal) {
    const config = resolveConfig(terminal, env)
    const signalsByTopic = new Map(
      SIGNALS.map(signal => [config.names.topicName(signal, config.env), signal]),
    )
    const found = await withKafka(config, async ({ topics }) => topics, env)
    const topics = found.map(({ topic, partitions }) => ({
      topic,
      signal: signalsByTopic.get(topic) ?? null,
      partitions: partitions.length,
      ...summarizeReplication(partitions),
    }))
    printReport(terminal, { env: config.env, topics }, json, formatTopics)
  },
})
