import type { Command } from 'commander'
import { SIGNALS, topicName } from '../../../lib/app/topics.ts'
import { environmentOption, JSON_OPTION } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { withKafka } from '../../kafka.ts'
import { printReport, type Terminal } from '../../terminal.ts'
import { listText, replicationOf } from '../../topics/text.ts'

interface ListOptions {
  readonly json?: true
  readonly env?: string
}

const ABOUT = `List the topics of the cluster, whoever made them: partitions, copies, and partitions that lack a copy.

SIGNAL names the topics of the environment by the table. The topics that Kafka keeps for itself are left out.`

const MORE = `
Example:
  sluice topics list --json`

export function addTopicsList(topics: Command, terminal: Terminal): void {
  topics
    .command('list')
    .summary('list the topics of the cluster')
    .description(ABOUT)
    .option(...JSON_OPTION)
    .option(...environmentOption('whose signals are named'))
    .addHelpText('after', more(MORE))
    .action((options: ListOptions) => list(options, terminal))
}

async function list({ json, env }: ListOptions, terminal: Terminal): Promise<void> {
  const config = configOf(terminal, env)
  const signals = new Map(SIGNALS.map(signal => [topicName(signal, config.env), signal]))
  const topics = await withKafka(config, async found =>
    found.topics.map(({ topic, partitions }) => ({
      topic,
      signal: signals.get(topic) ?? null,
      partitions: partitions.length,
      ...replicationOf(partitions),
    })),
  )
  printReport(terminal, { env: config.env, topics }, json, listText)
}
