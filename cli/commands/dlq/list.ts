import type { Command } from 'commander'
import { listDeadLetters } from '../../../lib/queries/dead-letters.ts'
import { environmentOption, JSON_OPTION, positiveInteger } from '../../arguments.ts'
import { configOf } from '../../connections.ts'
import { addFilters, type FilterOptions, filterOf } from '../../dlq/filters.ts'
import { askDlq } from '../../dlq/read.ts'
import { brokenLine, summaryOf } from '../../dlq/report.ts'
import { listText } from '../../dlq/text.ts'
import { more } from '../../help.ts'
import { printReport, type Terminal } from '../../terminal.ts'

interface ListOptions extends FilterOptions {
  readonly all?: true
  readonly limit: number
  readonly json?: true
  readonly env?: string
}

const ABOUT = `List dead letters, the newest last: which record failed in which consumer, and why.

AT is the place in the dlq topic, by which the other commands name one of them. Those that were redriven or dropped are left out.`

const MORE = `
Examples:
  sluice dlq list --since 1h
  sluice dlq list --code schema-violated --consumer alerting --json`

export function addDlqList(dlq: Command, terminal: Terminal): void {
  const list = dlq.command('list').summary('list dead letters, and why they failed').description(ABOUT)
  addFilters(list)
    .option('--all', 'also those that were redriven or dropped')
    .option('--limit <n>', 'maximum number, newest first', positiveInteger, 50)
    .option(...JSON_OPTION)
    .option(...environmentOption('to look at'))
    .addHelpText('after', more(MORE))
    .action((options: ListOptions) => listed(options, terminal))
}

async function listed({ limit, all, json, env, ...filters }: ListOptions, terminal: Terminal): Promise<void> {
  const filter = filterOf(filters)
  const config = configOf(terminal, env)
  const { deadLetters, broken, ...counts } = await askDlq(config, filters.since, (log, ranges) =>
    listDeadLetters(log, ranges, { ...filter, limit, all, signal: terminal.stop }),
  )
  const lines = { deadLetters: deadLetters.map(summaryOf), broken: broken.map(brokenLine) }
  printReport(terminal, { env: config.env, ...lines, ...counts }, json, listText)
}
