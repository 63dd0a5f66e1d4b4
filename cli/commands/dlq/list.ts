import type { Command } from 'commander'
import { listDeadLetters } from '../../../lib/queries/dead-letters.ts'
import { FAILURES } from '../../../lib/runtime/consumer/failure-codes.ts'
import {
  choice,
  environmentOption,
  JSON_OPTION,
  positiveInteger,
  someText,
  timeOrAgo,
} from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { askDlq } from '../../dlq/read.ts'
import { summaryOf } from '../../dlq/report.ts'
import { listText } from '../../dlq/text.ts'
import { more } from '../../help.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ListOptions {
  readonly code?: string
  readonly consumer?: string
  readonly since?: number
  readonly limit: number
  readonly json?: true
  readonly env?: string
}

const ABOUT = `List dead letters, the newest last: which record failed in which consumer, and why.

AT is the place in the dlq topic, by which \`sluice dlq show\` shows one of them.`

const MORE = `
Examples:
  sluice dlq list --since 1h
  sluice dlq list --code schema-violated --consumer alerting --json`

export function addDlqList(dlq: Command, terminal: Terminal): void {
  dlq
    .command('list')
    .summary('list dead letters, and why they failed')
    .description(ABOUT)
    .addOption(choice('--code <code>', 'only failures of this code', Object.keys(FAILURES)))
    .option('--consumer <name>', 'only of this consumer', someText)
    .option(
      '--since <time>',
      'only what was written since: an RFC 3339 time, or a duration before now',
      timeOrAgo,
    )
    .option('--limit <n>', 'maximum number, newest first', positiveInteger, 50)
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((options: ListOptions) => list(options, terminal))
}

async function list(
  { code, consumer, since, limit, json, env }: ListOptions,
  terminal: Terminal,
): Promise<void> {
  const config = configOf(terminal, env)
  const found = await askDlq(config, since, (log, ranges) =>
    listDeadLetters(log, ranges, { code, consumer, limit, signal: terminal.stop }),
  )
  const deadLetters = found.deadLetters.map(summaryOf)
  const { total, others } = found
  printReport(terminal, { env: config.env, deadLetters, total, others }, json, listText)
}
