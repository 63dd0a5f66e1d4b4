import type { Command } from 'commander'
import { balanceOf } from '../../../lib/queries/balance.ts'
import { keySamples } from '../../../lib/queries/key-samples.ts'
import { topicBounds } from '../../../lib/queries/topics.ts'
import { environmentOption, JSON_OPTION, positiveInteger, someText } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { requireTopicIn, withKafka } from '../../kafka.ts'
import { topicOf } from '../../state/state-keys.ts'
import { printReport, type Terminal } from '../../terminal.ts'
import { type BalanceReport, balanceText } from '../../topics/balance-text.ts'

interface BalanceOptions {
  readonly sample?: number
  readonly json?: true
  readonly env?: string
}

const ABOUT = `Show how evenly a topic fills its partitions: a bar for each, its share of the records, and its skew, which is 1 where all are even.

A partition is too full from a skew of 1.5 on, if that is more than chance. The usual cause is a key that many records have: --sample reads
the newest records and counts their keys.`

const MORE = `
Examples:
  sluice topics balance readings
  sluice topics balance orders --sample 10000`

export function addTopicsBalance(topics: Command, terminal: Terminal): void {
  topics
    .command('balance')
    .summary('show how evenly a topic fills its partitions')
    .description(ABOUT)
    .argument('<topic>', 'a signal, or the whole name of a topic', someText)
    .option('--sample <n>', 'count the keys of this many of the newest records', positiveInteger)
    .option(...JSON_OPTION)
    .option(...environmentOption('of a signal'))
    .addHelpText('after', more(MORE))
    .action((topic: string, options: BalanceOptions) => balance(topic, options, terminal))
}

async function balance(
  named: string,
  { sample, json, env }: BalanceOptions,
  terminal: Terminal,
): Promise<void> {
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
}
