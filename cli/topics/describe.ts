import { resolveTopic } from '../../lib/operations/state-keys.ts'
import { countRecords, readTopicDescription } from '../../lib/queries/kafka/topic-descriptions.ts'
import { judgeBalance } from '../../lib/support/balance.ts'
import { argument, command, environment, JSON_OPTION, SOME_TEXT } from '../command.ts'
import { requireListedTopic, withKafka } from '../servers/kafka.ts'
import { resolveConfig } from '../servers/settings.ts'
import { printReport } from '../terminal.ts'
import { type DescribedTopic, formatTopic } from './text.ts'

export default command({
  about: `Show a topic: for each partition its leader, its replicas, the replicas in sync, the number of its records and their
share, and the settings that differ from the defaults of the brokers. The skew is the fullest partition's number,
divided by the average: below 1.5 the distribution is even, below 2 uneven, else skewed.`,
  more: `
An excess that chance explains (three standard deviations) is even.

Examples:
  sluice topics describe readings
  sluice topics describe orders --json`,
  args: {
    topic: argument('signal, or full name of a topic', SOME_TEXT),
  },
  options: {
    json: JSON_OPTION,
    env: environment('of a signal'),
  },
  async run({ topic: named, json, env }, terminal) {
    const config = resolveConfig(terminal, env)
    const topic = resolveTopic({ topic: named }, config)
    const report = await withKafka(config, async (command): Promise<DescribedTopic> => {
      requireListedTopic(command, topic)
      const counts = await countRecords(command.offsets, topic)
      const { partitions, settings } = await readTopicDescription(command.kafka, topic)
      const { shares, ...balance } = judgeBalance(counts)
      const counted = partitions.map(partition => {
        return {
          ...partition,
          records: counts[partition.partition] ?? 0,
          share: shares[partition.partition] ?? 0,
        }
      })
      return { topic, partitions: counted, balance, settings }
    })
    printReport(terminal, report, json, formatTopic)
  },
})
