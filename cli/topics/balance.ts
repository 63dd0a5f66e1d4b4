import { topicOf } from '../../lib/operations/state-keys.ts'
import { balanceOf } from '../../lib/queries/balance.ts'
import { keySamples } from '../../lib/queries/key-samples.ts'
import { topicBounds } from '../../lib/queries/topics.ts'
import { argument, command, environment, JSON_OPTION, option, POSITIVE, SOME_TEXT } from '../command.ts'
import { configOf } from '../connections.ts'
import { requireTopicIn, withKafka } from '../kafka.ts'
import { printReport } from '../terminal.ts'
import { type BalanceReport, balanceText } from './balance-text.ts'

export default command({
  about: `Show the distribution of a topic's records over its partitions: for each a bar, its share of the records, and its
skew, which is 1 in an even distribution.

A partition is overloaded from a skew of 1.5 on, if that exceeds chance. The usual cause is a key with many records:
--sample reads the newest records and counts their keys.`,
  more: `
Examples:
  sluice topics balance readings
  sluice topics balance orders --sample 10000`,
  args: {
    topic: argument('signal, or full name of a topic', SOME_TEXT),
  },
  options: {
    sample: option('<n>', 'count the keys of this many of the newest records', POSITIVE),
    json: JSON_OPTION,
    env: environment('of a signal'),
  },
  async run({ topic: named, sample, json, env }, terminal) {
    const config = configOf(terminal, env)
    const topic = topicOf({ topic: named }, config.env)
    const report = await withKafka(config, async (command): Promise<BalanceReport> => {
      requireTopicIn(command, topic)
      const bounds = await topicBounds(command.offsets, topic)
      const counts = bounds.map(({ start, end }) => Math.max(0, end - start))
      if (!sample) return { topic, ...balanceOf(counts), sample: null }
      const options = { records: sample, signal: terminal.stop }
      const { partitions } = await keySamples(await command.connections.log(), topic, bounds, options)
      return { topic, ...balanceOf(counts), sample: partitions }
    })
    printReport(terminal, report, json, balanceText)
  },
})
