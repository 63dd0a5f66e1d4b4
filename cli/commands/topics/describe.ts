import type { Command } from 'commander'
import { recordCounts, topicDescription } from '../../../lib/queries/topic-descriptions.ts'
import { environmentOption, JSON_OPTION, someText } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { requireTopicIn, withKafka } from '../../kafka.ts'
import { topicOf } from '../../state/state-keys.ts'
import { printReport, type Terminal } from '../../terminal.ts'
import { type DescribedTopic, describeText } from '../../topics/text.ts'

interface DescribeOptions {
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Show a topic: for each partition its leader, its replicas, which of them are in sync, and how many records it keeps; and the settings
that differ from the default of the brokers.`

const MORE = `
Examples:
  sluice topics describe readings
  sluice topics describe orders --json`

export function addTopicsDescribe(topics: Command, terminal: Terminal): void {
  topics
    .command('describe')
    .summary('show partitions, leaders, replicas and settings of a topic')
    .description(ABOUT)
    .argument('<topic>', 'a signal, or the whole name of a topic', someText)
    .option(...JSON_OPTION)
    .option(...environmentOption('of a signal'))
    .addHelpText('after', more(MORE))
    .action((topic: string, options: DescribeOptions) => describe(topic, options, terminal))
}

async function describe(named: string, { json, env }: DescribeOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, env)
  const topic = topicOf({ topic: named }, config.env)
  const report = await withKafka(config, async (command): Promise<DescribedTopic> => {
    requireTopicIn(command, topic)
    const counts = await recordCounts(command.offsets, topic)
    const { partitions, settings } = await topicDescription(command.kafka, topic)
    const counted = partitions.map(one => ({ ...one, records: counts[one.partition] ?? 0 }))
    return { topic, partitions: counted, settings }
  })
  printReport(terminal, report, json, describeText)
}
