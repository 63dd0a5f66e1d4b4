import type { Command } from 'commander'
import { textIn } from '../../../lib/queries/bytes-view.ts'
import { readRecords } from '../../../lib/queries/records.ts'
import { topicBounds } from '../../../lib/queries/topics.ts'
import type { Bounds } from '../../../lib/runtime/adapters/kafka/offsets.ts'
import type { LogReader } from '../../../lib/runtime/pipeline/ports.ts'
import { environmentOption, JSON_OPTION, positiveInteger, someText } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { more } from '../../help.ts'
import { requireTopicIn, withKafka } from '../../kafka.ts'
import { topicOf } from '../../state/state-keys.ts'
import { printReport, type Terminal } from '../../terminal.ts'
import { balanceOf, KeyCounter, type KeySample } from '../../topics/balance.ts'
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
    const sampled = sample
      ? await sampleOf(await command.connections.log(), topic, bounds, sample, terminal.stop)
      : null
    return { topic, ...balanceOf(counts), sample: sampled }
  })
  printReport(terminal, report, json, balanceText)
}

/** Of each partition as many as its share, so that the sample is that of the topic. */
async function sampleOf(
  log: LogReader,
  topic: string,
  bounds: readonly Bounds[],
  wanted: number,
  stop: AbortSignal,
): Promise<KeySample[]> {
  const total = bounds.reduce((sum, { start, end }) => sum + end - start, 0)
  const ranges = bounds.map(({ start, end }, partition) => {
    const own = Math.ceil(((end - start) / Math.max(1, total)) * wanted)
    return { topic, partition, start: Math.max(start, end - own), end }
  })
  const keys = new KeyCounter()
  for await (const { partition, key } of readRecords(log, ranges)) {
    keys.add(partition, key === null ? '(no key)' : (textIn(key) ?? `base64:${key.toString('base64')}`))
    if (stop.aborted) break
  }
  return keys.samples(bounds.length)
}
